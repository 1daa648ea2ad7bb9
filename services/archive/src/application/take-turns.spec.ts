import { describe, expect, it } from '@jest/globals';
import { TakeTurns } from './take-turns.js';

const DAY_MS = 86_400_000;

describe('turns', () => {
  it('after one in which a partition failed the next comes soon, and it is well again as soon as that is', async () => {
    let attempts = 0;
    let third: () => void;
    const thirdBegan = new Promise<void>((resolve) => (third = resolve));
    const problems: number[] = [];
    const turns: TakeTurns = new TakeTurns({
      archive: {
        execute: async () => {
          problems.push(turns.problems.size);
          if (++attempts === 3) third();
          if (attempts < 3) throw new Error('the broker is away');
        },
      },
      trim: { execute: async () => undefined },
      leases: { start: async () => undefined, stop: async () => undefined, onAcquire: () => undefined, onLose: () => undefined, held: () => new Map([[0, 1]]) },
      everyMs: DAY_MS,
      retryMs: 1,
      logger: { warn: () => undefined },
    });
    await turns.start();
    await thirdBegan;
    await turns.stop();
    expect(problems).toEqual([0, 1, 1]);
    expect(turns.problems.size).toBe(0);
  });
});

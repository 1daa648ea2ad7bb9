import { describe, expect, it } from '@jest/globals';
import { PublishDecisions, type WaitingMessage } from './publish-decisions.js';

/** An outbox in memory, and a broker that refuses the given ids once. */
function setUp(messages: [id: number, ordered: boolean][], refuseOnce: number[] = []) {
  let waiting: WaitingMessage[] = messages.map(([id, ordered]) => ({ id, subject: `s${id}`, payload: new Uint8Array(), ordered }));
  const stored: number[] = [];
  const refuse = new Set(refuseOnce);
  const outbox = {
    oldest: (limit: number) => Promise.resolve(waiting.slice(0, limit)),
    remove: (ids: readonly number[]) => {
      waiting = waiting.filter(({ id }) => !ids.includes(id));
      return Promise.resolve();
    },
  };
  const publish = ({ id }: WaitingMessage) => {
    if (refuse.delete(id)) return Promise.reject(new Error(`no answer for ${id}`));
    stored.push(id);
    return Promise.resolve();
  };
  return { publishing: new PublishDecisions(outbox, publish), stored, left: () => waiting.map(({ id }) => id) };
}

describe('publishing decisions', () => {
  it('sends what waits, oldest first, and leaves nothing', async () => {
    const { publishing, stored, left } = setUp([
      [1, true],
      [2, false],
      [3, false],
      [4, true],
    ]);
    expect(await publishing.execute(() => true)).toBe(4);
    expect(stored).toEqual([1, 2, 3, 4]);
    expect(left()).toEqual([]);
  });

  it('never sends a decision before an older one that was not acknowledged', async () => {
    const { publishing, stored, left } = setUp(
      [
        [1, true],
        [2, true],
        [3, true],
      ],
      [2],
    );
    await expect(publishing.execute(() => true)).rejects.toThrow('no answer for 2');
    expect(stored).toEqual([1]);
    expect(left()).toEqual([2, 3]);
    await publishing.execute(() => true);
    expect(stored).toEqual([1, 2, 3]);
  });

  it('forgets what was acknowledged beside a failure', async () => {
    const { publishing, left } = setUp(
      [
        [1, false],
        [2, false],
        [3, false],
      ],
      [2],
    );
    await expect(publishing.execute(() => true)).rejects.toThrow('no answer for 2');
    expect(left()).toEqual([2]);
  });

  it('stops when the lease is gone', async () => {
    const { publishing, stored } = setUp([
      [1, true],
      [2, true],
    ]);
    expect(await publishing.execute(() => stored.length < 1)).toBe(1);
    expect(stored).toEqual([1]);
  });
});

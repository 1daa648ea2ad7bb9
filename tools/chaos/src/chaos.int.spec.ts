import { expect, it } from '@jest/globals';
import { runChaos } from './run-chaos.js';

it('twelve rounds of kills and freezes, about a minute, lose nothing and count nothing twice', async () => {
  const { differences, rounds, acknowledged } = await runChaos({ minutes: Infinity, rounds: 12, seed: 2, maxHoldMs: 6_000 }, () => undefined);
  expect(differences).toEqual([]);
  expect(rounds).toHaveLength(12);
  expect(acknowledged).toBeGreaterThan(1_000);
}, 400_000);

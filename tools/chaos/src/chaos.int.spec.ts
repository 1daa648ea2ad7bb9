import { expect, it } from '@jest/globals';
import { runChaos } from './run-chaos.js';

it('a minute of faults, each of another kind, loses nothing and counts nothing twice', async () => {
  const { differences, rounds, acknowledged } = await runChaos({ minutes: 1, each: true, seed: 2, maxHoldMs: 3_000 }, () => undefined);
  expect(differences).toEqual([]);
  expect(rounds.length).toBeGreaterThan(1);
  expect(acknowledged).toBeGreaterThan(1_000);
}, 600_000);

import { expect, it } from '@jest/globals';
import { runChaos } from './run-chaos.js';

it('a minute of kills and freezes loses nothing and counts nothing twice', async () => {
  const { differences, rounds, acknowledged } = await runChaos({ minutes: 1, seed: 2, maxHoldMs: 6_000 }, () => undefined);
  expect(differences).toEqual([]);
  expect(rounds.length).toBeGreaterThan(4);
  expect(acknowledged).toBeGreaterThan(1_000);
}, 400_000);

import { expect, it } from '@jest/globals';
import { runChaos } from './run-chaos.js';
import { FAULT_KINDS } from './schedule/fault-kinds.js';

const KINDS = Object.keys(FAULT_KINDS);

it('every kind of fault once, about a minute, loses nothing and counts nothing twice', async () => {
  const { differences, rounds, acknowledged } = await runChaos({ minutes: Infinity, rounds: KINDS.length, each: true, seed: 2, maxHoldMs: 3_000 }, () => undefined);
  expect(differences).toEqual([]);
  expect(rounds.map(({ kind }) => kind).sort()).toEqual(KINDS.sort());
  expect(acknowledged).toBeGreaterThan(1_000);
}, 600_000);

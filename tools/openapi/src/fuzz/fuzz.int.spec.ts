import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { WholeStack } from '@ledgerline/local-stack';
import { type ApiDocument } from '../api-document.js';
import { OPENAPI_FILE } from '../openapi-file.js';
import { runFuzz } from './run-fuzz.js';

let stack: WholeStack;

beforeAll(async () => {
  stack = new WholeStack('fuzz');
  await stack.start();
}, 120_000);
afterAll(() => stack?.dispose());

it('whatever is sent, every answer is as documented, and none is a 5xx', async () => {
  const { sent, failures, tallies } = await runFuzz(stack, JSON.parse(readFileSync(OPENAPI_FILE, 'utf8')) as ApiDocument, { requests: 700, seed: 7 }, () => undefined);
  expect(failures).toEqual([]);
  expect(sent).toBeGreaterThanOrEqual(700);
  // A fuzzer that is refused everywhere would find nothing.
  expect(tallies.reduce((sum, { accepted }) => sum + accepted, 0)).toBeGreaterThan(100);
}, 300_000);

import { readFileSync } from 'node:fs';
import { WholeStack } from '@ledgerline/local-stack';
import { Command, InvalidArgumentError } from 'commander';
import { type ApiDocument } from '../api-document.js';
import { OPENAPI_FILE } from '../openapi-file.js';
import { runFuzz } from './run-fuzz.js';

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('expected a whole number above zero.');
  return value;
}

const { requests, seed } = new Command('fuzz')
  .description('Sends requests made from docs/openapi.json, valid, nearly valid and garbage, to a stack of its own. Exits 1 when an answer is a 5xx or is not as documented.')
  .option('--requests <count>', 'how many', whole, 10_000)
  .option('--seed <seed>', 'the same seed makes the same requests', whole, 1)
  .parse()
  .opts<{ requests: number; seed: number }>();

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const stack = new WholeStack('fuzz');
try {
  await stack.start();
  const { sent, failures } = await runFuzz(stack, JSON.parse(readFileSync(OPENAPI_FILE, 'utf8')) as ApiDocument, { requests, seed }, say);
  process.stdout.write(`${sent} requests with the seed ${seed}: ${failures.length === 0 ? 'every answer is as documented' : `${failures.length} failures, each told above with a request that shows it`}\n`);
  process.exitCode = failures.length === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${(error as Error).stack}\n`);
  process.exitCode = 1;
} finally {
  await stack.dispose();
}

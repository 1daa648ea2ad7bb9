import fc from 'fast-check';
import { type WholeStack } from '@ledgerline/local-stack';
import { type ApiDocument } from '../api-document.js';
import { Conformance } from '../conformance.js';
import { makeBelongings } from './belongings.js';
import { curlLine, type FuzzRequest } from './fuzz-request.js';
import { judge } from './judge.js';
import { requestsOf } from './requests-of.js';
import { Sender } from './send.js';

export interface FuzzOptions {
  readonly requests: number;
  readonly seed: number;
}

/** One defect, with the smallest request that shows it. */
export interface Failure {
  readonly operation: string;
  readonly problem: string;
  readonly curl: string;
}

/** What became of the requests for one operation. */
export interface Tally {
  readonly operation: string;
  sent: number;
  /** Of those that the document calls valid, by the operator's admin. */
  valid: number;
  accepted: number;
  readonly statuses: Map<number, number>;
}

export interface FuzzReport {
  readonly sent: number;
  readonly failures: readonly Failure[];
  readonly tallies: readonly Tally[];
}

/** So many different failures of one operation are told. */
const MOST_FAILURES = 5;
/** So many smaller requests are tried beyond what was asked for. */
const MOST_SHRINKS = 200;
const AT_ONCE = 4;
/** After so many valid requests, one at least has to have been accepted. */
const ENOUGH_VALID = 40;

/** Sends generated requests for every operation with a key, and judges each answer by the document. The same seed makes the same requests. */
export async function runFuzz(stack: WholeStack, document: ApiDocument, { requests, seed }: FuzzOptions, say: (line: string) => void): Promise<FuzzReport> {
  const api = new Conformance(document);
  const belongings = await makeBelongings(stack);
  const sender = new Sender(stack.url, belongings.keys);
  const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).flatMap(([method, { security }]) => (security?.length === 0 ? [] : [{ path, method }])));
  const each = Math.ceil(requests / operations.length);
  const failures: Failure[] = [];
  const tallies: Tally[] = [];

  const fuzz = async (path: string, method: string, index: number): Promise<void> => {
    const tally: Tally = { operation: `${method.toUpperCase()} ${path}`, sent: 0, valid: 0, accepted: 0, statuses: new Map() };
    tallies[index] = tally;
    const known = new Set<string>();
    let budget = 0;
    const property = fc.asyncProperty(requestsOf(document, path, method, belongings), async (request) => {
      if (budget-- <= 0) return;
      const problem = await tried(request, tally);
      if (problem !== null && !known.has(signature(problem))) throw new Error(problem);
    });
    for (let round = 0; tally.sent < each && known.size < MOST_FAILURES; round++) {
      budget = each - tally.sent + MOST_SHRINKS;
      const result = await fc.check(property, { numRuns: each - tally.sent, seed: seed * 1_000_003 + index * 101 + round, verbose: 0 });
      if (!result.failed) break;
      const problem = (result.errorInstance as Error).message;
      known.add(signature(problem));
      const failure = { operation: tally.operation, problem, curl: curlLine(result.counterexample![0]) };
      failures.push(failure);
      say(failureText(failure));
    }
    if (tally.valid >= ENOUGH_VALID && tally.accepted === 0) {
      const failure = { operation: tally.operation, problem: `none of ${tally.valid} valid requests was accepted`, curl: '' };
      failures.push(failure);
      say(failureText(failure));
    }
    say(`${tallies.reduce((sum, one) => sum + (one?.sent ?? 0), 0)} sent; ${tallyText(tally)}`);
  };

  const tried = async (request: FuzzRequest, tally: Tally): Promise<string | null> => {
    tally.sent++;
    try {
      const answer = await sender.send(request);
      tally.statuses.set(answer.status, (tally.statuses.get(answer.status) ?? 0) + 1);
      if (request.kind === 'valid' && request.role === 'admin') {
        tally.valid++;
        if (answer.status < 300) tally.accepted++;
      }
      return judge(api, request, answer);
    } catch (error) {
      return `no answer: ${(error as Error).message}`;
    }
  };

  try {
    const waiting = [...operations.entries()];
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) await fuzz(next[1].path, next[1].method, next[0]);
      }),
    );
  } finally {
    sender.close();
  }
  return { sent: tallies.reduce((sum, { sent }) => sum + sent, 0), failures, tallies };
}

/** Two failures of one operation are the same when they differ in values only. */
const signature = (problem: string): string => problem.slice(0, 120).replace(/[0-9a-f]{8,}|\d+/g, '#').replace(/"detail":"[^"]*/, '');

export const failureText = ({ operation, problem, curl }: Failure): string => `\n✗ ${operation}\n  ${problem}\n  ${curl}\n`;

const tallyText = ({ operation, sent, valid, accepted, statuses }: Tally): string =>
  `${operation}: ${sent} requests, ${accepted} of ${valid} valid ones accepted; ${[...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status} × ${count}`).join(', ')}`;

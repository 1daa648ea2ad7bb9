import { createHash } from 'node:crypto';
import { type ApiTransport } from '../connection/api-client.js';
import { CliError } from '../exit.js';
import { sendBatch, type RetryPolicy } from './send-batch.js';
import { traceEvent, traceSource, type TraceSubject } from './trace-event.js';
import { type NumberedRow, surveyTrace, traceRows, type TraceSurvey } from './trace-file.js';

/** Exact sums of the rows that had one fate. */
export interface TraceSums {
  rows: number;
  inputTokens: bigint;
  outputTokens: bigint;
}

/** What an import did. `survey` is what the file holds; accepted + rejected is the whole of it. */
export interface ImportSummary {
  readonly source: string;
  readonly survey: TraceSurvey;
  readonly accepted: TraceSums;
  readonly rejected: TraceSums;
  /** The first refusals, with the line of the file. */
  readonly refusals: { line: number; field: string; reason: string }[];
}

/** How an import goes about it. */
export interface ImportOptions extends RetryPolicy {
  readonly batch: number;
  /** Events per second at most; undefined: as fast as the API takes them. */
  readonly rate?: number;
  readonly onStart?: (survey: TraceSurvey) => void;
  readonly onProgress?: (rows: number) => void;
}

const REFUSALS_KEPT = 20;
/** With a rate, requests are kept small enough to be sent about ten times a second. */
const REQUESTS_PER_SECOND = 10;

/**
 * Imports a trace as a declared backfill: each row is one event, identified by the file's digest and its line.
 *
 * @throws TraceFormatError before anything is sent, when any line is malformed
 * @throws CliError when the API refuses or stays away
 */
export async function importTrace(path: string, subject: TraceSubject, api: ApiTransport, options: ImportOptions): Promise<ImportSummary> {
  const survey = await surveyTrace(path);
  options.onStart?.(survey);
  const source = traceSource(survey.digest);
  const summary: ImportSummary = { source, survey, accepted: zero(), rejected: zero(), refusals: [] };
  const size = options.rate === undefined ? options.batch : Math.max(1, Math.min(options.batch, Math.ceil(options.rate / REQUESTS_PER_SECOND)));
  const startedMs = options.nowMs();
  let sent = 0;
  const hash = createHash('sha256');
  for await (const rows of inBatches(traceRows(path, hash), size)) {
    if (options.rate !== undefined) await pace(startedMs + (sent / options.rate) * 1000, options);
    const refusals = await sendBatch(api, rows.map((row) => traceEvent(row, source, subject)), options);
    account(summary, rows, refusals);
    sent += rows.length;
    options.onProgress?.(sent);
  }
  if (hash.digest('hex') !== survey.digest) {
    throw new CliError(`${path} changed while it was read; the events carry the digest of what it was before (${survey.digest}).`);
  }
  return summary;
}

async function pace(dueMs: number, { nowMs, sleepMs }: RetryPolicy): Promise<void> {
  const early = dueMs - nowMs();
  if (early > 0) await sleepMs(early);
}

function account(summary: ImportSummary, rows: NumberedRow[], refusals: { index: number; field: string; reason: string }[]): void {
  const refused = new Map(refusals.map((refusal) => [refusal.index, refusal]));
  rows.forEach((row, index) => {
    const refusal = refused.get(index);
    const sums = refusal ? summary.rejected : summary.accepted;
    sums.rows++;
    sums.inputTokens += BigInt(row.inputTokens);
    sums.outputTokens += BigInt(row.outputTokens);
    if (refusal && summary.refusals.length < REFUSALS_KEPT) {
      summary.refusals.push({ line: row.line, field: refusal.field, reason: refusal.reason });
    }
  });
}

const zero = (): TraceSums => ({ rows: 0, inputTokens: 0n, outputTokens: 0n });

async function* inBatches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

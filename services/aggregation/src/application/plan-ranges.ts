import { type PricedEnvelope, type PricedRun } from '@ledgerline/contracts';
import { tableRowsOf } from './counted-rows.js';

/** One USAGE message's outcomes on their way into the store. */
export interface PlannedRun {
  partition: number;
  priceBookVersion: string;
  run: PricedRun;
  /** How many rows of the table it makes. */
  rows: number;
}

/** What one insert carries: whole USAGE messages, all recorded in one month (UTC), so that it becomes one part, which is there or is not. */
export interface Range {
  generation: number;
  /** yyyymm */
  month: number;
  rows: number;
  runs: PlannedRun[];
  /** By partition, the source sequences it spans, both ends included. */
  sources: Map<number, { from: number; to: number }>;
  recordedFromUs: number;
  recordedToUs: number;
}

/** PRICED skips source messages: what lies between was lost, and going on would never count it. */
export class SourceGapError extends Error {
  readonly code = 'source_gap';

  constructor(partition: number, have: number, previous: number) {
    super(`partition ${partition}: the next PRICED message follows source ${previous}, but sources after ${have} have not been seen`);
    this.name = 'SourceGapError';
  }
}

/**
 * Cuts PRICED messages into ranges. Runs whose source position is already in the store (a PRICED run emitted again) are left out.
 *
 * @param envelopes in order within each partition
 * @param progress by partition, the last source sequence in the store
 * @throws SourceGapError
 */
export function planRanges(envelopes: readonly PricedEnvelope[], progress: ReadonlyMap<number, number>, maxRows: number): Range[] {
  const ranges: Range[] = [];
  const reached = new Map(progress);
  for (const envelope of envelopes) {
    const { partition } = envelope;
    const have = reached.get(partition) ?? 0;
    if (envelope.sourceTo <= have) continue;
    if (envelope.previousSourceTo > have) throw new SourceGapError(partition, have, envelope.previousSourceTo);
    for (const run of envelope.runs) {
      if (run.sourceSequence > have) place(ranges, envelope, run, maxRows);
    }
    reached.set(partition, envelope.sourceTo);
  }
  return ranges;
}

function place(ranges: Range[], { generation, partition, priceBookVersion }: PricedEnvelope, run: PricedRun, maxRows: number): void {
  const rows = tableRowsOf(run);
  const month = monthOf(run.recordedAtUs);
  let range = ranges.at(-1);
  if (!range || range.month !== month || range.generation !== generation || (range.rows > 0 && range.rows + rows > maxRows)) {
    range = { generation, month, rows: 0, runs: [], sources: new Map(), recordedFromUs: run.recordedAtUs, recordedToUs: run.recordedAtUs };
    ranges.push(range);
  }
  range.runs.push({ partition, priceBookVersion, run, rows });
  range.rows += rows;
  range.recordedFromUs = Math.min(range.recordedFromUs, run.recordedAtUs);
  range.recordedToUs = Math.max(range.recordedToUs, run.recordedAtUs);
  const span = range.sources.get(partition);
  if (span) span.to = run.sourceSequence;
  else range.sources.set(partition, { from: run.sourceSequence, to: run.sourceSequence });
}

/** 202611 for any time in November 2026, UTC. */
export function monthOf(timeUs: number): number {
  const date = new Date(timeUs / 1000);
  return date.getUTCFullYear() * 100 + date.getUTCMonth() + 1;
}

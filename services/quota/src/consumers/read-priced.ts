import {
  decodePricedEnvelope,
  decodeUsageEnvelope,
  type Delta,
  type Deltas,
  EnvelopeError,
  Outcome,
  type PricedRun,
  type UsageColumns,
} from '@ledgerline/contracts';
import { hourStartOf } from '@ledgerline/domain-quota';
import { type PartitionBatch, type PartitionMessage } from '@ledgerline/messaging';
import { type CheckpointMove } from '../application/ports.js';
import { UsageTally } from '../application/usage-tally.js';

/** How far a partition is counted, in PRICED and in the USAGE behind it. */
export interface CountedUpTo {
  readonly sequence: number;
  readonly sourceSequence: number;
}

/** USAGE messages are missing between what is counted and what comes next: counting on would lose them. */
export class SourceGapError extends Error {
  constructor(partition: number, counted: number, from: number) {
    super(`partition ${partition}: USAGE is counted up to ${counted}, but the next PRICED message begins at ${from}`);
    this.name = 'SourceGapError';
  }
}

export interface ReadBatch {
  readonly tally: UsageTally;
  readonly moves: CheckpointMove[];
  /** How many events were quarantined or late, by the hour in which they were recorded. */
  readonly heldByHour: ReadonlyMap<number, number>;
  /** Messages that are no PRICED envelope of their partition; nobody but the pricing service should be able to write there. */
  readonly unreadable: { message: PartitionMessage; reason: string }[];
}

/**
 * Adds up a batch of PRICED messages: events, and the signed rows that corrections leave.
 *
 * A run whose source position is counted already is passed over: it was emitted again after a recovery. A message that cannot be read
 * is passed over too; if it stood for usage, the next message shows a gap and nothing is counted past it.
 *
 * @throws SourceGapError
 */
export function readPriced(batch: PartitionBatch, generation: number, counted: ReadonlyMap<number, CountedUpTo>): ReadBatch {
  const tally = new UsageTally();
  const unreadable: ReadBatch['unreadable'] = [];
  const sources = new Map<number, number>();
  const heldByHour = new Map<number, number>();
  for (const message of batch.messages) {
    const before = sources.get(message.partition) ?? counted.get(message.partition)?.sourceSequence ?? 0;
    let read: { from: number; to: number; runs: ReadRun[] };
    try {
      read = readMessage(message, generation, before);
    } catch (error) {
      if (!(error instanceof EnvelopeError)) throw error;
      unreadable.push({ message, reason: error.reason });
      continue;
    }
    if (read.from > before + 1) throw new SourceGapError(message.partition, before, read.from);
    for (const { usage, run, deltas, held } of read.runs) {
      if (held > 0) heldByHour.set(hourStartOf(run.recordedAtUs), (heldByHour.get(hourStartOf(run.recordedAtUs)) ?? 0) + held);
      if (usage) tally.add(usage, run.outcomes, run.costs);
      if (deltas) tally.addDeltas(deltas.rows, deltas.entries);
    }
    sources.set(message.partition, Math.max(before, read.to));
  }
  return { tally, moves: movesOf(batch, counted, sources), heldByHour, unreadable };
}

/** What a run adds: its events, what corrections change because of it, what was held back of it. */
interface ReadRun {
  run: PricedRun;
  usage: UsageColumns | undefined;
  deltas: { rows: UsageColumns; entries: readonly Delta[] } | undefined;
  /** How many of its events were quarantined or late. */
  held: number;
}

/** Decodes what is not counted yet; all of a message, or none of it. @throws EnvelopeError */
function readMessage(message: PartitionMessage, generation: number, counted: number): { from: number; to: number; runs: ReadRun[] } {
  const envelope = decodePricedEnvelope(message.data);
  if (envelope.generation !== generation || envelope.partition !== message.partition) {
    throw new EnvelopeError(`it is of generation ${envelope.generation}, partition ${envelope.partition}`);
  }
  const runs: ReadRun[] = [];
  let last = envelope.sourceFrom - 1;
  for (const run of envelope.runs) {
    if (run.sourceSequence !== last + 1) throw new EnvelopeError(`run ${run.sourceSequence} follows ${last}`);
    last = run.sourceSequence;
    if (run.sourceSequence <= counted) continue;
    const usage = eventsOf(run);
    const deltas = run.deltas && signedRowsOf(run.sourceSequence, run.deltas);
    const held = heldEvents(run.outcomes);
    if (usage ?? deltas ?? held) runs.push({ run, usage, deltas, held });
  }
  if (last !== envelope.sourceTo) throw new EnvelopeError(`it ends at ${last}, not at ${envelope.sourceTo}`);
  return { from: envelope.sourceFrom, to: envelope.sourceTo, runs };
}

/** The events of a run, when any of them counts. */
function eventsOf(run: PricedRun): UsageColumns | undefined {
  if (run.undecodable || run.correction || !countsAnything(run.outcomes)) return undefined;
  const usage = decodeUsageEnvelope(run.usage);
  if (usage.count !== run.outcomes.length)
    throw new EnvelopeError(`run ${run.sourceSequence} has ${run.outcomes.length} outcomes for ${usage.count} events`);
  return usage;
}

function signedRowsOf(sourceSequence: number, { rows: bytes, entries }: Deltas): { rows: UsageColumns; entries: readonly Delta[] } {
  const rows = decodeUsageEnvelope(bytes);
  if (rows.count !== entries.length)
    throw new EnvelopeError(`run ${sourceSequence} has ${entries.length} entries for ${rows.count} signed rows`);
  const odd = entries.find(({ outcome }) => outcome !== Outcome.priced && outcome !== Outcome.unpriced);
  if (odd) throw new EnvelopeError(`run ${sourceSequence} has a signed row of outcome ${odd.outcome}`);
  return { rows, entries };
}

const heldEvents = (outcomes: Uint8Array): number => {
  if (!outcomes.includes(Outcome.quarantined) && !outcomes.includes(Outcome.late)) return 0;
  return outcomes.filter((outcome) => outcome === Outcome.quarantined || outcome === Outcome.late).length;
};

const countsAnything = (outcomes: Uint8Array): boolean =>
  outcomes.some((outcome) => outcome === Outcome.priced || outcome === Outcome.unpriced);

function movesOf(batch: PartitionBatch, counted: ReadonlyMap<number, CountedUpTo>, sources: ReadonlyMap<number, number>): CheckpointMove[] {
  return [...batch.heads].map(([partition, head]) => {
    const from = counted.get(partition) ?? { sequence: 0, sourceSequence: 0 };
    return {
      partition,
      fromSequence: from.sequence,
      fromSourceSequence: from.sourceSequence,
      sourceSequence: sources.get(partition) ?? from.sourceSequence,
      ...head,
    };
  });
}

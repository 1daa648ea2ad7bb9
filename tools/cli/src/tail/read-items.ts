import {
  type Correction,
  decodeCorrectionEnvelope,
  decodePricedEnvelope,
  decodeUsageEnvelope,
  type Deltas,
  EnvelopeError,
  Outcome,
  OUTCOME_NAMES,
  type PricedRun,
  QUANTITIES,
  readInt128,
  type Reason,
  type UsageColumns,
  usageIdText,
} from '@ledgerline/contracts';
import { formatDecimal9 } from '@ledgerline/kernel';
import { type EventFields, type Place, type TailItem } from './tail-item.js';

type RunPlace = Omit<Place, 'index'>;

/** Everything that one PRICED message tells, in its order. A message that cannot be read is one item that says so. */
export function* readItems(data: Uint8Array, partition: number, sequence: number, timestampUs: number): Generator<TailItem> {
  let runs: readonly PricedRun[];
  try {
    ({ runs } = decodePricedEnvelope(data));
  } catch (error) {
    yield { type: 'unreadable', partition, sequence, sourceSequence: 0, index: 0, recordedAtUs: timestampUs, outcome: 'unreadable', detail: (error as Error).message };
    return;
  }
  for (const run of runs) yield* readRun(run, { partition, sequence, sourceSequence: run.sourceSequence, recordedAtUs: run.recordedAtUs });
}

function* readRun(run: PricedRun, place: RunPlace): Generator<TailItem> {
  try {
    if (run.undecodable) yield { type: 'unreadable', ...place, index: 0, ...decided(run, 0) };
    else if (run.correction) yield* readCorrections(run, place);
    else yield* readEvents(run, place);
    if (run.deltas) yield* readSignedRows(run.deltas, run.outcomes.length, place);
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error;
    yield { type: 'unreadable', ...place, index: 0, outcome: 'unreadable', detail: error.message };
  }
}

function* readEvents(run: PricedRun, place: RunPlace): Generator<TailItem> {
  const columns = decodeUsageEnvelope(run.usage);
  for (let index = 0; index < columns.count; index++) {
    const costPicoUsd = run.outcomes[index] === Outcome.priced ? readInt128(run.costs, index * 16) : null;
    yield { type: 'event', ...place, index, event: eventOf(columns, index), costPicoUsd, ...decided(run, index) };
  }
}

function* readCorrections(run: PricedRun, place: RunPlace): Generator<TailItem> {
  const corrections: readonly Correction[] = decodeCorrectionEnvelope(run.usage).corrections;
  for (const [index, correction] of corrections.entries()) yield { type: 'correction', ...place, index, correction, usageId: usageIdText(correction.usageId), ...decided(run, index) };
}

function* readSignedRows({ rows, entries }: Deltas, firstIndex: number, place: RunPlace): Generator<TailItem> {
  const columns = decodeUsageEnvelope(rows);
  for (const [row, delta] of entries.entries()) yield { type: 'signed_row', ...place, index: firstIndex + row, event: eventOf(columns, row), delta };
}

function decided({ outcomes, reasons }: PricedRun, index: number): { outcome: string; code?: string; detail?: string } {
  const outcome = OUTCOME_NAMES.get(outcomes[index]!) ?? `outcome ${outcomes[index]}`;
  const reason: Reason | undefined = reasons.find((each) => each.index === index);
  return reason ? { outcome, code: reason.code, detail: reason.detail } : { outcome };
}

function eventOf({ dictionary, usageIds, ids, customer, provider, model, occurredAtUs, quantities }: UsageColumns, row: number): EventFields {
  const usage: Record<string, string> = {};
  for (const { quantity, values } of quantities) {
    const value = values[row]!;
    if (value < 0) continue;
    usage[QUANTITIES[quantity]!.name] = typeof value === 'bigint' ? formatDecimal9(value) : String(value);
  }
  return {
    usageId: usageIdText(usageIds, row * 16),
    id: ids[row]!,
    customer: dictionary[customer[row]!]!,
    provider: dictionary[provider[row]!]!,
    model: dictionary[model[row]!]!,
    usage,
    occurredAtUs: occurredAtUs[row]!,
  };
}

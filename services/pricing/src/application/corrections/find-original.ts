import { decodeUsageEnvelope, Outcome, PRICED_BY_CLIENT, type PricedEnvelope, type PricedRun, readInt128, readUsage, readUsageRow, type UsageColumns, UsageEnvelopeBuilder, UsageRow } from '@ledgerline/contracts';
import { type PartitionTerms } from '../check-rows.js';
import { type PricedLog } from '../priced-log.js';
import { readEnvelope } from '../recover-index.js';
import { type CountedEvent } from './event-record.js';

/** Where an event was recorded. */
export interface Position {
  sequence: number;
  row: number;
}

/**
 * An event as it was recorded, from the PRICED message of its USAGE message.
 * @returns null when PRICED does not reach back so far
 */
export async function findOriginal(log: PricedLog, { sequence, row }: Position, terms: PartitionTerms): Promise<CountedEvent | null> {
  const envelope = await findPriced(log, sequence, terms);
  const run = envelope?.runs.find(({ sourceSequence }) => sourceSequence === sequence);
  return run ? recordedEvent(run, row, envelope!.priceBookVersion, terms) : null;
}

/** A row of a run as the event it was recorded as. */
export function recordedEvent(run: PricedRun, row: number, priceBookVersion: string, terms: PartitionTerms, columns = decodeUsageEnvelope(run.usage)): CountedEvent {
  return {
    envelope: oneRow(columns, row, terms),
    net: {
      version: 0,
      voided: false,
      credit: false,
      usage: readUsage(columns, row),
      costPico: run.outcomes[row] === Outcome.priced ? readInt128(run.costs, row * 16) : null,
      status: columns.status[row] === 1 ? 'error' : 'ok',
      priceBookVersion: run.priceSources?.[row] === PRICED_BY_CLIENT ? '' : priceBookVersion,
    },
  };
}

/** One row as an envelope of its own. */
export function oneRow(columns: UsageColumns, row: number, { generation, partition }: PartitionTerms): Uint8Array {
  const builder = new UsageEnvelopeBuilder(generation, partition, 1);
  builder.append(readUsageRow(columns, row, new UsageRow()), columns.usageIds, row * 16);
  return builder.finish();
}

/** PRICED messages cover USAGE in order without a gap, so the one that holds a source sequence is found by halving. */
async function findPriced(log: PricedLog, source: number, terms: PartitionTerms): Promise<PricedEnvelope | null> {
  const { firstSequence, lastSequence } = await log.state();
  let low = firstSequence;
  let high = lastSequence;
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    const message = await log.at(middle);
    if (message === null) {
      // Trimmed meanwhile.
      low = middle + 1;
      continue;
    }
    const envelope = readEnvelope(log, message, terms);
    if (envelope.sourceTo < source) low = middle + 1;
    else if (envelope.sourceFrom > source) high = middle - 1;
    else return envelope;
  }
  return null;
}

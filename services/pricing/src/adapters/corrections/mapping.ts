import { type Correction, decodeCorrectionEnvelope, decodeUsageEnvelope, encodeCorrectionEnvelope, readUsage } from '@ledgerline/contracts';
import { formatUsd, parseUsd } from '@ledgerline/kernel';
import { type Insertable, type Selectable } from 'kysely';
import { type CountedEvent } from '../../application/corrections/event-record.js';
import { type CorrectedEventsTable } from './pricing-database.js';

export function toRow(usageId: string, { envelope, net }: CountedEvent): Insertable<CorrectedEventsTable> {
  return {
    usage_id: usageId,
    envelope: Buffer.from(envelope),
    version: net.version,
    voided: net.voided,
    credit: net.credit,
    cost_usd: net.costPico === null ? null : formatUsd(net.costPico),
    price_book_version: net.priceBookVersion,
  };
}

export function fromRow(row: Selectable<CorrectedEventsTable>): CountedEvent {
  const columns = decodeUsageEnvelope(row.envelope);
  return {
    envelope: row.envelope,
    net: {
      version: row.version,
      voided: row.voided,
      credit: row.credit,
      usage: readUsage(columns, 0),
      costPico: row.cost_usd === null ? null : parseUsd(row.cost_usd),
      status: columns.status[0] === 1 ? 'error' : 'ok',
      priceBookVersion: row.price_book_version,
    },
  };
}

/** A parked correction as it is kept: an envelope of its own. */
export function toParked(generation: number, partition: number, correction: Correction): Buffer {
  return Buffer.from(encodeCorrectionEnvelope({ generation, partition, corrections: [correction] }));
}

export function fromParked(envelope: Uint8Array): Correction {
  return decodeCorrectionEnvelope(envelope).corrections[0]!;
}


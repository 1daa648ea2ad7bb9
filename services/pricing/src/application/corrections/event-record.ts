import { type Correction, type UsageColumns, decodeUsageEnvelope, QUANTITIES } from '@ledgerline/contracts';
import { type NetEvent, type PriceBook, priceRows, type PriceUsage } from '@ledgerline/domain-pricing';

/** An event that counts, as corrections see it. */
export interface CountedEvent {
  /** A UsageEnvelope of one row: the event's fields. Its quantities are those of some version; `net` has the present ones. */
  readonly envelope: Uint8Array;
  readonly net: NetEvent;
}

/** Everything a correction's outcome depends on, besides the correction. */
export interface EventRecord {
  /** null: none with this usage_id is known to count. */
  event: CountedEvent | null;
  /** True: one may have counted, but it lies behind all that is still stored. */
  forgotten: boolean;
  /** Corrections decided before: their content's digest by correction_id. */
  readonly seen: Map<string, string>;
  /** Corrections that wait for the event to be recorded, in their order. */
  parked: Correction[];
}

export const emptyRecord = (): EventRecord => ({ event: null, forgotten: false, seen: new Map(), parked: [] });

/** Prices quantities as this event's, at what was in force when it occurred. */
export function priceAs(book: PriceBook, event: UsageColumns): PriceUsage {
  return (usage) => {
    const quantities = [...usage].map(([quantity, amount]) => ({
      quantity,
      values: QUANTITIES[quantity]!.decimal ? BigInt64Array.of(amount) : Float64Array.of(Number(amount)),
    }));
    let costPico: bigint | null = null;
    let priceBookVersion = book.version;
    priceRows(book, { ...event, count: 1, quantities }, Uint8Array.of(1), (_, pico, source) => {
      costPico = pico === null ? null : BigInt(pico);
      if (source === 'client') priceBookVersion = '';
    });
    return { costPico, priceBookVersion };
  };
}

/** The fields of an event. */
export const fieldsOf = ({ envelope }: CountedEvent): UsageColumns => decodeUsageEnvelope(envelope);

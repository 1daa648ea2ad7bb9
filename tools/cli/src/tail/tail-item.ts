import { type Correction, type Delta } from '@ledgerline/contracts';

/** Where an item lies in the log. */
export interface Place {
  readonly partition: number;
  /** PRICED sequence. */
  readonly sequence: number;
  /** USAGE sequence, and the item's place in that message. */
  readonly sourceSequence: number;
  readonly index: number;
  /** The broker's time of the USAGE message, microseconds since the epoch. */
  readonly recordedAtUs: number;
}

/** An event's fields as they are shown. */
export interface EventFields {
  readonly usageId: string;
  readonly id: string;
  readonly customer: string;
  readonly provider: string;
  readonly model: string;
  /** Quantities by name, as plain decimal text. */
  readonly usage: Readonly<Record<string, string>>;
  readonly occurredAtUs: number;
}

interface Decided {
  readonly outcome: string;
  readonly code?: string;
  readonly detail?: string;
}

/** One thing that a PRICED message tells. */
export type TailItem =
  | (Place & Decided & { readonly type: 'event'; readonly event: EventFields; readonly costPicoUsd: bigint | null })
  | (Place & Decided & { readonly type: 'correction'; readonly correction: Correction; readonly usageId: string })
  | (Place & { readonly type: 'signed_row'; readonly event: EventFields; readonly delta: Delta })
  | (Place & Decided & { readonly type: 'unreadable' });

/** What is shown; an empty filter shows all. */
export interface TailFilter {
  readonly customer?: string;
  readonly outcomes?: readonly string[];
}

/** A signed row has no outcome of its own: it is shown with what made it, unless outcomes are picked. */
export function isShown(item: TailItem, { customer, outcomes }: TailFilter): boolean {
  if (customer !== undefined && customerOf(item) !== customer) return false;
  if (outcomes === undefined) return true;
  return item.type === 'signed_row' ? outcomes.includes('applied') : outcomes.includes(item.outcome);
}

function customerOf(item: TailItem): string | undefined {
  if (item.type === 'unreadable') return undefined;
  return item.type === 'correction' ? item.correction.customerId : item.event.customer;
}

/** What an event adds up to after every correction of it so far. */
export interface NetEvent {
  /** 0 as it was recorded, n after the n-th correction that changed it. */
  readonly version: number;
  readonly voided: boolean;
  /** True: money given back without an original; it counts no event and no quantity. */
  readonly credit: boolean;
  /** Amounts by index of the quantity: whole numbers, or integers of 1e-9. */
  readonly usage: ReadonlyMap<number, bigint>;
  /** 1e-12 USD; null: unpriced, which is not zero. */
  readonly costPico: bigint | null;
  readonly status: 'ok' | 'error';
  /** The book that the cost was computed with; '' when it was stated. */
  readonly priceBookVersion: string;
}

/** What a correction wants an event to be; null: as it is. */
export interface CorrectionTarget {
  readonly kind: 'adjust' | 'refund' | 'void' | 'reprice';
  readonly usage: ReadonlyMap<number, bigint> | null;
  readonly costPico: bigint | null;
  readonly status: 'ok' | 'error' | null;
}

/** Why a correction has no effect: a stable code, and what a person reads. */
export interface CorrectionRefusal {
  readonly code: 'already_void' | 'unpriced' | 'exceeds_cost' | 'nothing_to_correct' | 'no_usage' | 'credit';
  readonly detail: string;
}

export type CorrectionDecision = { readonly refused: CorrectionRefusal } | { readonly next: NetEvent };

/** Computes the cost of quantities at the price in force when the event occurred; null: unpriced. */
export type PriceUsage = (usage: ReadonlyMap<number, bigint>) => { costPico: bigint | null; priceBookVersion: string };

/**
 * Decides what a correction makes of an event. Pure: the same target twice leaves the event as it was after the first.
 *
 * @returns the event's next state, its version raised when anything changed; or why it stays as it is
 */
export function decideCorrection(target: CorrectionTarget, event: NetEvent, price: PriceUsage): CorrectionDecision {
  if (event.voided) return refuse('already_void', 'the event was voided before');
  if (target.kind === 'void') return { next: { ...event, version: event.version + 1, voided: true } };
  if (event.credit) return refuse('credit', 'a credit can only be voided');
  switch (target.kind) {
    case 'refund':
      return refund(target, event);
    case 'reprice':
      return changed(event, { ...event, ...(target.costPico === null ? price(event.usage) : stated(target.costPico)) });
    case 'adjust':
      return adjust(target, event, price);
  }
}

/** What is left to pay is stated; nothing is left unless told. */
function refund({ costPico }: CorrectionTarget, event: NetEvent): CorrectionDecision {
  const left = costPico ?? 0n;
  if (event.costPico === null) return refuse('unpriced', 'the event has no cost that could be given back; adjust it first');
  if (left > event.costPico) return refuse('exceeds_cost', 'a refund cannot leave more to pay than the event costs');
  return changed(event, { ...event, ...stated(left) });
}

function adjust({ usage, costPico, status }: CorrectionTarget, event: NetEvent, price: PriceUsage): CorrectionDecision {
  if (usage === null && costPico === null && status === null) return refuse('nothing_to_correct', 'neither usage nor cost_usd nor status is given');
  const next = { ...event, usage: usage ?? event.usage, status: status ?? event.status };
  if (next.usage.size === 0 && next.status === 'ok') return refuse('no_usage', 'an event that did not fail must keep at least one quantity');
  if (costPico !== null) return changed(event, { ...next, ...stated(costPico) });
  return changed(event, usage === null ? next : { ...next, ...price(usage) });
}

const stated = (costPico: bigint) => ({ costPico, priceBookVersion: '' });

const refuse = (code: CorrectionRefusal['code'], detail: string): CorrectionDecision => ({ refused: { code, detail } });

function changed(event: NetEvent, next: NetEvent): CorrectionDecision {
  const same = next.costPico === event.costPico && next.status === event.status && sameUsage(next.usage, event.usage);
  return { next: same ? event : { ...next, version: event.version + 1 } };
}

function sameUsage(a: ReadonlyMap<number, bigint>, b: ReadonlyMap<number, bigint>): boolean {
  return a.size === b.size && [...a].every(([quantity, amount]) => b.get(quantity) === amount);
}

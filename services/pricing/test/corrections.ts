import { type Correction, decodeUsageEnvelope, eventCountOf, Outcome, type PricedRun, readInt128, readUsage, usageIdText } from '@ledgerline/contracts';
import { RECORDED_AT_US, usageIdOf } from './usage-events.js';

/** What a test says of a correction; the rest is filled in. `of` is the id of the event. */
export type GivenCorrection = Partial<Omit<Correction, 'usage'>> & { of: string; usage?: Record<number, bigint> };

export function correctionOf({ of, usage, ...given }: GivenCorrection): Correction {
  const customerId = given.customerId ?? 'acme';
  const source = given.kind === 'credit' ? 'credit' : 'api';
  return {
    usageId: usageIdOf({ id: of, customer: given.kind === 'credit' ? customerId : 'acme', source }),
    correctionId: given.kind === 'credit' ? of : 'c-1',
    kind: 'void',
    customerId,
    requestedBy: 'key-1',
    reason: 'it was wrong',
    requestedAtUs: RECORDED_AT_US,
    usage: usage ? new Map(Object.entries(usage).map(([quantity, amount]) => [Number(quantity), amount])) : null,
    costUsd: '',
    status: null,
    replacedBy: null,
    occurredAtUs: given.kind === 'credit' ? RECORDED_AT_US : 0,
    provider: '',
    model: '',
    heldSequence: 0,
    heldIndex: 0,
    awaitsOriginal: false,
    ...given,
  };
}

/** What a projection makes of an event by adding alone. */
export interface Added {
  events: number;
  unpriced: number;
  costPico: bigint;
  usage: Map<number, bigint>;
}

/** Adds up everything that runs say of each event, by usage_id. */
export function addUp(runs: readonly PricedRun[]): Map<string, Added> {
  const sums = new Map<string, Added>();
  const add = (usageId: string, sign: number, priced: boolean, costPico: bigint, usage: ReadonlyMap<number, bigint>): void => {
    const sum = sums.get(usageId) ?? { events: 0, unpriced: 0, costPico: 0n, usage: new Map<number, bigint>() };
    sums.set(usageId, sum);
    sum.events += sign;
    if (!priced) sum.unpriced += sign;
    sum.costPico += costPico;
    for (const [quantity, amount] of usage) sum.usage.set(quantity, (sum.usage.get(quantity) ?? 0n) + BigInt(sign) * amount);
  };
  for (const { usage, undecodable, correction, outcomes, costs, deltas } of runs) {
    if (!undecodable && !correction) {
      const columns = decodeUsageEnvelope(usage);
      outcomes.forEach((outcome, row) => {
        if (outcome !== Outcome.priced && outcome !== Outcome.unpriced) return;
        add(usageIdText(columns.usageIds, row * 16), 1, outcome === Outcome.priced, readInt128(costs, row * 16), readUsage(columns, row));
      });
    }
    const columns = deltas && decodeUsageEnvelope(deltas.rows);
    deltas?.entries.forEach((entry, row) => {
      add(usageIdText(columns!.usageIds, row * 16), eventCountOf(entry), entry.outcome === Outcome.priced, entry.costPicoUsd, readUsage(columns!, row));
    });
  }
  return sums;
}

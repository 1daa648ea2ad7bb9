import { type Correction, usageIdText } from '@ledgerline/contracts';
import { formatDecimal9, QUANTITIES } from '@ledgerline/kernel';
import { isoMicroseconds } from './event-json.js';

/** What a correction says an event should be, or a credit gives, in the API's words; what it leaves as it is is left out. */
export function targetJson({ kind, usage, costUsd, status, occurredAtUs, provider, model }: Correction): string {
  if (kind === 'credit') {
    return JSON.stringify({ amount_usd: costUsd, occurred_at: isoMicroseconds(occurredAtUs), provider: provider || undefined, model: model || undefined });
  }
  return JSON.stringify({ usage: usage ? amountsOf(usage) : undefined, cost_usd: costUsd || undefined, status: status ?? undefined });
}

/** The whole correction as it was asked for, so that it can be read, repaired and sent again. */
export function correctionJson(correction: Correction): string {
  const { usageId, correctionId, kind, customerId, requestedBy, reason, requestedAtUs, replacedBy, heldSequence, heldIndex } = correction;
  return JSON.stringify({
    usage_id: usageIdText(usageId),
    id: correctionId,
    kind,
    customer_id: customerId,
    requested_by: requestedBy,
    reason,
    requested_at: isoMicroseconds(requestedAtUs),
    ...(JSON.parse(targetJson(correction)) as object),
    replaced_by: replacedBy ? usageIdText(replacedBy) : undefined,
    ...(kind === 'discard' || kind === 'release' ? { held_sequence: heldSequence, held_index: heldIndex } : {}),
  });
}

/** Whole numbers are JSON numbers up to 2^53-1 and text beyond; decimals are text. */
function amountsOf(usage: ReadonlyMap<number, bigint>): Record<string, number | string> {
  return Object.fromEntries(
    [...usage].map(([index, amount]) => {
      const { name, decimal } = QUANTITIES[index]!;
      return [name, decimal ? formatDecimal9(amount) : amount <= Number.MAX_SAFE_INTEGER ? Number(amount) : String(amount)];
    }),
  );
}

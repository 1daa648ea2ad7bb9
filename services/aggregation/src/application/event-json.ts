import { type UsageColumns } from '@ledgerline/contracts';
import { formatDecimal9, QUANTITIES } from '@ledgerline/kernel';

/** One row of an envelope as the native event it came from, so that it can be read, repaired and sent again. */
export function eventJson(usage: UsageColumns, row: number): string {
  const text = (column: Uint32Array): string | undefined => usage.dictionary[column[row]!] || undefined;
  const json = (value: string | undefined): unknown => (value ? parsed(value) : undefined);
  return JSON.stringify({
    id: usage.ids[row],
    source: text(usage.source),
    customer_id: text(usage.customer),
    project_id: text(usage.project),
    user_id: text(usage.user),
    provider: text(usage.provider),
    model: text(usage.model),
    operation: text(usage.operation),
    endpoint: text(usage.endpoint),
    context: usage.context[row] === 1 ? 'system' : 'customer',
    transaction_id: usage.transactionIds?.[row] || undefined,
    service_tier: text(usage.serviceTier),
    usage: amountsOf(usage, row),
    client_cost_usd: text(usage.clientCost),
    occurred_at: isoMicroseconds(usage.occurredAtUs[row]!),
    status: usage.status[row] === 1 ? 'error' : 'ok',
    error_code: text(usage.errorCode),
    latency_ms: usage.latencyMs[row]! >= 0 ? usage.latencyMs[row] : undefined,
    tags: json(text(usage.tags)),
    request_metadata: json(usage.requestMetadata?.[row]),
    response_metadata: json(usage.responseMetadata?.[row]),
  });
}

function amountsOf(usage: UsageColumns, row: number): Record<string, number | string> {
  const amounts: Record<string, number | string> = {};
  for (const { quantity, values } of usage.quantities) {
    const value = values[row]!;
    if (value < 0) continue;
    amounts[QUANTITIES[quantity]!.name] = typeof value === 'bigint' ? formatDecimal9(value) : value;
  }
  return amounts;
}

/** Text that is no JSON is shown as it is: this is the place where malformed things are looked at. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** 1763812345678901 -> "2025-11-22T11:52:25.678901Z"; a time that no calendar has, as the number. */
export function isoMicroseconds(timeUs: number): string | number {
  const date = new Date(Math.floor(timeUs / 1000));
  if (Number.isNaN(date.getTime())) return timeUs;
  const micros = ((timeUs % 1000) + 1000) % 1000;
  return date.toISOString().replace('Z', `${String(micros).padStart(3, '0')}Z`);
}

import { SYSTEM_CUSTOMER } from '@ledgerline/domain-metering';
import { INTERNAL_PROVIDER } from '@ledgerline/domain-pricing';
import { costField, type JsonNumber, type NativeUsage, shortTime, type UsageView } from '../usage-view.js';

/** A usage of one of the platform's own APIs, as `POST /usage` takes it. */
export interface EntryUsage {
  readonly api_name: string;
  readonly endpoint?: string | null | undefined;
  readonly units_used: number | string;
  /** What the client says that it costs; counts where the price book has no price. */
  readonly cost_usd?: number | string | null | undefined;
  /** The key that the platform's customer used; kept masked. */
  readonly api_key_used?: string | null | undefined;
}

/** Whose usage it is. */
export interface EntryOwner {
  readonly customerId: string;
  readonly userId: string;
}

/** A usage entry as it is answered. */
export interface UsageEntry {
  readonly usage_id: string;
  readonly user_id: string | null;
  readonly api_name: string;
  readonly endpoint: string | null;
  /** null: what was used is not counted in units */
  readonly units_used: unknown;
  /** a JSON number with the digits of the decimal; null: unknown */
  readonly cost_usd: unknown;
  readonly api_key_used: string | null;
  /** false once it was deleted */
  readonly status_active: boolean;
  readonly created_at: string;
  readonly warning?: string;
}

export function fromEntry(entry: EntryUsage, { customerId, userId }: EntryOwner): NativeUsage {
  return {
    source: 'entries',
    customer_id: customerId,
    user_id: userId,
    provider: INTERNAL_PROVIDER,
    model: entry.api_name,
    endpoint: entry.endpoint ?? undefined,
    context: customerId === SYSTEM_CUSTOMER ? 'system' : 'customer',
    usage: { units: entry.units_used },
    client_cost_usd: entry.cost_usd ?? undefined,
    request_metadata: entry.api_key_used == null ? undefined : { api_key_used: entry.api_key_used },
  };
}

export function toEntry(view: UsageView, jsonNumber: JsonNumber): UsageEntry {
  const active = view.state !== 'voided';
  const { units } = view.usage;
  const used = (view.request_metadata as { api_key_used?: unknown } | undefined)?.api_key_used;
  return {
    usage_id: view.usage_id,
    user_id: view.user_id ?? null,
    api_name: view.model,
    endpoint: view.endpoint ?? null,
    units_used: units === undefined ? (active ? null : 0) : typeof units === 'number' ? units : jsonNumber(units),
    ...(costField(view, 'cost_usd', jsonNumber) as Pick<UsageEntry, 'cost_usd' | 'warning'>),
    api_key_used: typeof used === 'string' ? used : null,
    status_active: active,
    created_at: shortTime(view.occurred_at),
  };
}

/** Makes a JSON number of a decimal text, digit for digit. */
export type JsonNumber = (decimal: string) => unknown;

/** What is sent to the log: a native event, but for its id. */
export interface NativeUsage {
  /** Keeps the ids of one dialect apart from those of the others. */
  readonly source: string;
  readonly customer_id: string;
  readonly user_id?: string | undefined;
  readonly project_id?: string | undefined;
  readonly provider: string;
  readonly model: string;
  readonly operation?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly context?: 'customer' | 'system' | undefined;
  readonly transaction_id?: string | undefined;
  readonly usage: Readonly<Record<string, number | string | undefined>>;
  readonly client_cost_usd?: number | string | undefined;
  readonly status?: 'ok' | 'error' | undefined;
  readonly error_code?: string | undefined;
  readonly request_metadata?: object | undefined;
  readonly response_metadata?: object | undefined;
  readonly occurred_at?: string | undefined;
}

/** A usage as the native API shows it, by whomever and in whatever dialect it was sent: every answer of a dialect is made of one. */
export interface UsageView extends Omit<NativeUsage, 'source' | 'request_metadata' | 'response_metadata'> {
  readonly usage_id: string;
  /** `priced`, `unpriced` or `voided`; another when it is not counted. */
  readonly state: string;
  readonly source?: string | undefined;
  readonly request_metadata?: unknown;
  readonly response_metadata?: unknown;
  /** decimal text; null: there is no price for it */
  readonly cost_usd: string | null;
  readonly occurred_at: string;
}

/** A usage as it will be read once it is recorded. Decimal amounts may be numbers still. */
export function viewOf(event: NativeUsage, usageId: string, costUsd: string | null, occurredAt: string): UsageView {
  return { ...event, usage_id: usageId, state: costUsd === null ? 'unpriced' : 'priced', cost_usd: costUsd, occurred_at: occurredAt };
}

/** A time in UTC to the second, millisecond or microsecond, as it needs: what is answered first and what is read later are the same text. */
export const shortTime = (text: string): string => text.replace(/\.0+Z$/, 'Z').replace(/(\.\d{3})0+Z$/, '$1Z');

/** Said beside a cost of null. */
export const noPrice = ({ provider, model }: Pick<UsageView, 'provider' | 'model'>): string => `There is no price for ${provider}/${model}; the usage is recorded, its cost is unknown.`;

/** A cost as a JSON number, with a word of warning where it is unknown. @param name of the field */
export function costField(view: UsageView, name: string, jsonNumber: JsonNumber): object {
  return view.cost_usd === null ? { [name]: null, warning: noPrice(view) } : { [name]: jsonNumber(view.cost_usd) };
}

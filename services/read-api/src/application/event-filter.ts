import { boundTime, Conditions, type OneOf } from './bound-sql.js';

export const EVENT_STATES = ['priced', 'unpriced', 'voided'] as const;
export type EventState = (typeof EVENT_STATES)[number];

/** Which events. Where several values are given, any of them will do. */
export interface EventFilter {
  customerId?: string;
  /** Every customer but this one. */
  exceptCustomerId?: string;
  projectId?: OneOf;
  userId?: OneOf;
  provider?: OneOf;
  model?: OneOf;
  operation?: OneOf;
  endpoint?: OneOf;
  context?: OneOf<'customer' | 'system'>;
  transactionId?: OneOf;
  serviceTier?: OneOf;
  status?: OneOf<'ok' | 'error'>;
  errorCode?: OneOf;
  apiKeyId?: OneOf;
  /** What they are at present; says by itself whether voided ones are meant. */
  state?: readonly EventState[];
  /** Values by key; an event has to have every key, each with one of its values. */
  tags?: Readonly<Record<string, readonly string[]>>;
  /** The least and the most they cost at present, US dollars as decimal text, both included. A cost that is unknown is neither. */
  costFrom?: string;
  costTo?: string;
  /** Occurred at or after. Microseconds since 1970. */
  fromUs?: number;
  /** Occurred before. */
  toUs?: number;
  /** Voided events too, unless `state` says it. */
  includeVoided?: boolean;
}

/** Conditions on what corrections never change. */
export function identityConditions(filter: EventFilter): Conditions {
  const where = new Conditions()
    .equals('customer_id', filter.customerId)
    .equals('provider', filter.provider)
    .equals('model', filter.model)
    .equals('project_id', filter.projectId)
    .equals('user_id', filter.userId)
    .equals('operation', filter.operation)
    .equals('endpoint', filter.endpoint)
    .equals('context', filter.context)
    .equals('transaction_id', filter.transactionId)
    .equals('service_tier', filter.serviceTier)
    .equals('error_code', filter.errorCode)
    .equals('api_key_id', filter.apiKeyId);
  for (const [i, [key, values]] of Object.entries(filter.tags ?? {}).entries()) {
    // A key that is not there reads as an empty text: that it is there is a condition of its own.
    where.add(`mapContains(tags, {tag_${i}:String}) AND tags[{tag_${i}:String}] IN {tag_values_${i}:Array(String)}`, { [`tag_${i}`]: key, [`tag_values_${i}`]: values });
  }
  if (filter.exceptCustomerId !== undefined) where.add('customer_id != {except_customer_id:String}', { except_customer_id: filter.exceptCustomerId });
  if (filter.fromUs !== undefined) where.add(`occurred_at >= ${boundTime('from')}`, { from: filter.fromUs });
  if (filter.toUs !== undefined) where.add(`occurred_at < ${boundTime('to')}`, { to: filter.toUs });
  return where;
}

/** The states that are listed. */
export function listedStates({ state, includeVoided }: EventFilter): ReadonlySet<EventState> {
  return new Set(state ?? (includeVoided ? EVENT_STATES : ['priced', 'unpriced']));
}

/** The cost that the event of a row has at present: a voided one costs nothing, whatever its row takes back. */
export function costSQL(filter: EventFilter): string {
  return listedStates(filter).has('voided') ? 'if(event_count < 0, toDecimal128(0, 12), cost_usd)' : 'cost_usd';
}

/**
 * Adds the conditions that hold for the one row of an event which says what it is at present: the row that counts and that no other takes
 * back, or the one that voids it.
 *
 * @param identity the conditions under which rows that take something back are looked for
 */
export function addPresent(where: Conditions, filter: EventFilter, identity: Conditions): void {
  const states = listedStates(filter);
  const either: string[] = [];
  if (states.has('priced') || states.has('unpriced')) {
    const priced = states.has('priced') && states.has('unpriced') ? '' : `\n  AND cost_usd IS ${states.has('priced') ? 'NOT ' : ''}NULL`;
    either.push(`event_count > 0\n  AND (usage_id, version) NOT IN (SELECT usage_id, version FROM usage_events${identity.add('event_count < 0').toSQL(' ')})${priced}`);
  }
  if (states.has('voided')) either.push("event_count < 0 AND kind = 'voided'");
  where.add(either.length === 1 ? either[0]! : `(${either.join('\n  OR ')})`, identity.parameters);
  where.equals('status', filter.status);
  if (filter.costFrom !== undefined) where.add(`${costSQL(filter)} >= {cost_from:Decimal(38, 12)}`, { cost_from: filter.costFrom });
  if (filter.costTo !== undefined) where.add(`${costSQL(filter)} <= {cost_to:Decimal(38, 12)}`, { cost_to: filter.costTo });
}

import { describe, expect, it } from '@jest/globals';
import { correctionsSQL, eventRowsSQL, quarantinedByIdSQL, replacedSQL } from './event-by-id-query.js';
import { type EventState } from './event-filter.js';
import { eventsSQL } from './event-query.js';

const where = (sql: string) => sql.slice(sql.indexOf('FROM'));
const hostile = "x' OR 1=1 --";
const ID = '00000000-0000-0000-0000-000000000001';

describe('eventsSQL', () => {
  it('without filters reads the newest, each in the version that nothing takes back', () => {
    const { sql, parameters } = eventsSQL({ limit: 10 });
    expect(where(sql)).toBe(`FROM usage_events
WHERE event_count > 0
  AND (usage_id, version) NOT IN (SELECT usage_id, version FROM usage_events WHERE event_count < 0)
ORDER BY occurred_at DESC, usage_id DESC
LIMIT {limit:UInt32}`);
    expect(parameters).toEqual({ limit: 11 });
  });

  it('binds every value and puts none into its text; looks for what was taken back under the conditions that never change', () => {
    const { sql, parameters } = eventsSQL({
      customerId: hostile, provider: hostile, model: [hostile, 'b'], projectId: hostile, userId: hostile, operation: hostile, endpoint: hostile, context: 'system', transactionId: hostile, serviceTier: hostile,
      status: 'error', errorCode: hostile, apiKeyId: hostile, tags: { [hostile]: [hostile] }, costFrom: '0.1', costTo: '0.2', fromUs: 1, toUs: 2, after: { value: '3', usageId: ID }, limit: 1,
    });
    const identity = [
      'customer_id = {customer_id:String}',
      'provider = {provider:String}',
      'model IN {model:Array(String)}',
      'project_id = {project_id:String}',
      'user_id = {user_id:String}',
      'operation = {operation:String}',
      'endpoint = {endpoint:String}',
      'context = {context:String}',
      'transaction_id = {transaction_id:String}',
      'service_tier = {service_tier:String}',
      'error_code = {error_code:String}',
      'api_key_id = {api_key_id:String}',
      'mapContains(tags, {tag_0:String}) AND tags[{tag_0:String}] IN {tag_values_0:Array(String)}',
      "occurred_at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC')",
      "occurred_at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')",
      "occurred_at <= fromUnixTimestamp64Micro({after_value:Int64}, 'UTC')",
      "(occurred_at, usage_id) < (fromUnixTimestamp64Micro({after_value:Int64}, 'UTC'), {after_id:UUID})",
    ];
    expect(where(sql)).toBe(`FROM usage_events
WHERE ${identity.join('\n  AND ')}
  AND event_count > 0
  AND (usage_id, version) NOT IN (SELECT usage_id, version FROM usage_events WHERE ${identity.join(' AND ')} AND event_count < 0)
  AND status = {status:String}
  AND cost_usd >= {cost_from:Decimal(38, 12)}
  AND cost_usd <= {cost_to:Decimal(38, 12)}
ORDER BY occurred_at DESC, usage_id DESC
LIMIT {limit:UInt32}`);
    expect(sql).not.toContain("OR 1=1");
    expect(parameters).toMatchObject({ customer_id: hostile, model: [hostile, 'b'], tag_0: hostile, tag_values_0: [hostile], status: 'error', cost_from: '0.1', cost_to: '0.2', from: 1, to: 2, after_value: '3', after_id: ID, limit: 2 });
  });

  it.each([
    [{ field: 'cost_usd', descending: true }, '0.5', '(cost_usd < {after_value:Decimal(38, 12)} OR cost_usd = {after_value:Decimal(38, 12)} AND usage_id < {after_id:UUID} OR cost_usd IS NULL)', 'ORDER BY cost_usd DESC NULLS LAST, usage_id DESC'],
    [{ field: 'latency_ms', descending: false }, '7', '(latency_ms > {after_value:UInt64} OR latency_ms = {after_value:UInt64} AND usage_id > {after_id:UUID} OR latency_ms IS NULL)', 'ORDER BY latency_ms ASC NULLS LAST, usage_id ASC'],
    [{ field: 'latency_ms', descending: false }, null, 'latency_ms IS NULL AND usage_id > {after_id:UUID}', 'ORDER BY latency_ms ASC NULLS LAST, usage_id ASC'],
    [{ field: 'recorded_at', descending: false }, '7', "(recorded_at, usage_id) > (fromUnixTimestamp64Micro({after_value:Int64}, 'UTC'), {after_id:UUID})", 'ORDER BY recorded_at ASC, usage_id ASC'],
  ] as const)('behind a place of %j goes on from it, for the row that counts alone', (order, value, behind, orderBy) => {
    const { sql } = eventsSQL({ order, after: { value, usageId: ID }, limit: 1 });
    expect(where(sql)).toContain(`NOT IN (SELECT usage_id, version FROM usage_events WHERE event_count < 0)\n`);
    expect(where(sql)).toContain(`AND ${behind}\n${orderBy}`);
  });

  it('adds voided events where they are asked for', () => {
    expect(where(eventsSQL({ limit: 10, includeVoided: true }).sql)).toContain(`WHERE (event_count > 0
  AND (usage_id, version) NOT IN (SELECT usage_id, version FROM usage_events WHERE event_count < 0)
  OR event_count < 0 AND kind = 'voided')`);
  });

  it('with states asks for these alone, and a voided event costs nothing', () => {
    const only = (state: EventState[]) => where(eventsSQL({ state, costFrom: '0', limit: 1 }).sql);
    expect(only(['unpriced'])).toContain('AND cost_usd IS NULL\n');
    expect(only(['priced'])).toContain('AND cost_usd IS NOT NULL\n');
    expect(only(['priced'])).not.toContain('voided');
    expect(only(['voided'])).toContain("WHERE event_count < 0 AND kind = 'voided'\n  AND if(event_count < 0, toDecimal128(0, 12), cost_usd) >=");
    expect(only(['voided'])).not.toContain('NOT IN');
  });
});

describe('a question about one event', () => {
  it.each([
    ['its rows', eventRowsSQL, 'FROM usage_events\nWHERE usage_id = {usage_id:UUID}'],
    ['its corrections', correctionsSQL, 'FROM corrections FINAL\nWHERE usage_id = {usage_id:UUID}'],
    ['what it stands for', replacedSQL, 'FROM corrections\nWHERE replaced_by = {usage_id:UUID}'],
    ['why it was not counted', quarantinedByIdSQL, 'FROM quarantined_items\nWHERE usage_id = {usage_id:UUID}'],
  ])('%s: by its address alone, or of one customer', (_, questionSQL, from) => {
    const everybody = questionSQL(ID, {});
    expect(where(everybody.sql)).toContain(from);
    expect(everybody.sql).not.toContain('customer_id =');
    expect(everybody.parameters).toEqual({ usage_id: ID });
    const one = questionSQL(ID, { customerId: hostile });
    expect(where(one.sql)).toContain(`${from}\n  AND customer_id = {customer_id:String}`);
    expect(one.parameters).toEqual({ usage_id: ID, customer_id: hostile });
  });
});

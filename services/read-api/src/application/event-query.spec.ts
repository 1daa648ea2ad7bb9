import { describe, expect, it } from '@jest/globals';
import { correctionsSQL, eventRowsSQL, quarantinedByIdSQL, replacedSQL } from './event-by-id-query.js';
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

  it('binds every value and puts none into its text; looks for what was taken back under the same conditions but the status', () => {
    const { sql, parameters } = eventsSQL({
      customerId: hostile, provider: hostile, model: hostile, projectId: hostile, transactionId: hostile, status: 'error', fromUs: 1, toUs: 2,
      after: { occurredAtUs: 3, usageId: ID }, limit: 1,
    });
    const identity = [
      'customer_id = {customer_id:String}',
      'provider = {provider:String}',
      'model = {model:String}',
      'project_id = {project_id:String}',
      'transaction_id = {transaction_id:String}',
      "occurred_at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC')",
      "occurred_at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')",
      "occurred_at <= fromUnixTimestamp64Micro({after_time:Int64}, 'UTC')",
      "(occurred_at, usage_id) < (fromUnixTimestamp64Micro({after_time:Int64}, 'UTC'), {after_id:UUID})",
    ];
    expect(where(sql)).toBe(`FROM usage_events
WHERE ${identity.join('\n  AND ')}
  AND event_count > 0
  AND (usage_id, version) NOT IN (SELECT usage_id, version FROM usage_events WHERE ${identity.join(' AND ')} AND event_count < 0)
  AND status = 'error'
ORDER BY occurred_at DESC, usage_id DESC
LIMIT {limit:UInt32}`);
    expect(parameters).toEqual({ customer_id: hostile, provider: hostile, model: hostile, project_id: hostile, transaction_id: hostile, from: 1, to: 2, after_time: 3, after_id: ID, limit: 2 });
  });

  it('adds voided events where they are asked for', () => {
    expect(where(eventsSQL({ limit: 10, includeVoided: true }).sql)).toContain(`WHERE (event_count > 0
  AND (usage_id, version) NOT IN (SELECT usage_id, version FROM usage_events WHERE event_count < 0)
  OR event_count < 0 AND kind = 'voided')`);
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

import { describe, expect, it } from '@jest/globals';
import { eventByIdSQL, eventsSQL } from './event-query.js';

const where = (sql: string) => sql.slice(sql.indexOf('FROM'));

describe('eventsSQL', () => {
  it('without filters reads the newest', () => {
    const { sql, parameters } = eventsSQL({ limit: 10 });
    expect(where(sql)).toBe("FROM usage_events\nWHERE kind = 'recorded'\nORDER BY occurred_at DESC, usage_id DESC\nLIMIT {limit:UInt32}");
    expect(parameters).toEqual({ limit: 11 });
  });

  it('binds every value and puts none into its text', () => {
    const hostile = "x' OR 1=1 --";
    const { sql, parameters } = eventsSQL({
      customerId: hostile, provider: hostile, model: hostile, projectId: hostile, transactionId: hostile, status: 'error', fromUs: 1, toUs: 2,
      after: { occurredAtUs: 3, usageId: '00000000-0000-0000-0000-000000000001' }, limit: 1,
    });
    expect(where(sql)).toBe(`FROM usage_events
WHERE kind = 'recorded'
  AND customer_id = {customer_id:String}
  AND provider = {provider:String}
  AND model = {model:String}
  AND project_id = {project_id:String}
  AND transaction_id = {transaction_id:String}
  AND status = 'error'
  AND occurred_at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC')
  AND occurred_at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
  AND occurred_at <= fromUnixTimestamp64Micro({after_time:Int64}, 'UTC')
  AND (occurred_at, usage_id) < (fromUnixTimestamp64Micro({after_time:Int64}, 'UTC'), {after_id:UUID})
ORDER BY occurred_at DESC, usage_id DESC
LIMIT {limit:UInt32}`);
    expect(parameters).toEqual({
      customer_id: hostile, provider: hostile, model: hostile, project_id: hostile, transaction_id: hostile, from: 1, to: 2,
      after_time: 3, after_id: '00000000-0000-0000-0000-000000000001', limit: 2,
    });
  });
});

it('an event is found by its address alone', () => {
  const { sql, parameters } = eventByIdSQL('00000000-0000-0000-0000-000000000001');
  expect(where(sql)).toBe("FROM usage_events\nWHERE usage_id = {usage_id:UUID}\n  AND kind = 'recorded'\nLIMIT 1");
  expect(parameters).toEqual({ usage_id: '00000000-0000-0000-0000-000000000001' });
});

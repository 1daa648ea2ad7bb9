import { describe, expect, it } from '@jest/globals';
import { tooFineSQL, unionSQL } from './sealed-summaries.js';

const DAY_US = 86_400_000_000;
const SEALED = [
  { month: 202607, seal: 'aaaaaaaa-0000-0000-0000-000000000000', dropped: true },
  { month: 202608, seal: 'bbbbbbbb-0000-0000-0000-000000000000', dropped: false },
];
const UNDER = "(recorded_month, seal) IN ((202607, toUUID('aaaaaaaa-0000-0000-0000-000000000000')), (202608, toUUID('bbbbbbbb-0000-0000-0000-000000000000')))";

describe('summaries with sealed months', () => {
  it('leave out rows of a sealed month only while they are still there', () => {
    const { sql, parameters } = unionSQL({ customerId: 'c', groupBy: ['day'], fromUs: DAY_US, limit: 10 }, SEALED);
    expect(sql).toContain("FROM usage_events\nWHERE customer_id = {customer_id:String}\n  AND toYYYYMM(recorded_at) NOT IN (202608)\n");
    expect(sql).toContain(`FROM sealed_summaries\nWHERE customer_id = {customer_id:String}\n  AND ${UNDER}\n  AND occurred_day >= toDate32(fromUnixTimestamp64Micro({from:Int64}, 'UTC'), 'UTC')\nGROUP BY group_day`);
    expect(parameters).toEqual({ customer_id: 'c', from: DAY_US, limit: 10 });
    expect(unionSQL({ groupBy: ['day'], limit: 10 }, SEALED.slice(0, 1)).sql).not.toContain('recorded_at');
  });

  it('are cut to the limit once, after both parts are added up', () => {
    const { sql } = unionSQL({ groupBy: ['customer', 'model'], limit: 10 }, SEALED);
    expect(sql.match(/LIMIT/g)).toHaveLength(1);
    expect(sql.match(/HAVING/g)).toHaveLength(1);
    expect(sql).toMatch(/AS s\nGROUP BY group_customer, group_model\nHAVING [^\n]*\nORDER BY group_customer, group_model\nLIMIT \{limit:UInt32\}$/);
    expect(unionSQL({ groupBy: [], limit: 10 }, SEALED).sql).not.toMatch(/LIMIT|GROUP BY/);
  });

  it('ask for days that are needed in part, and not at all when whole days will do', () => {
    expect(tooFineSQL({ groupBy: ['day', 'month'], fromUs: DAY_US, toUs: 3 * DAY_US, limit: 10 }, SEALED)).toBeNull();
    expect(tooFineSQL({ groupBy: ['hour'], limit: 10 }, SEALED)!.sql).toBe(`SELECT toString(occurred_day) AS day\nFROM sealed_summaries\nWHERE ${UNDER}\nLIMIT 1`);
    expect(tooFineSQL({ groupBy: [], toUs: DAY_US + 1, limit: 10 }, SEALED)!.sql).toContain("AND (occurred_day = toDate32(fromUnixTimestamp64Micro({to:Int64}, 'UTC'), 'UTC'))");
  });
});

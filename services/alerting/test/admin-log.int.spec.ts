import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Actor, calledBy, Changes, transactionOf } from '@ledgerline/administration';
import { createKysely, createPool, migrate } from '@ledgerline/postgres';
import { type FreshDatabase, freshDatabase } from '@ledgerline/testing';
import { type Kysely, sql } from 'kysely';
import { migrations } from '../src/alerting.module.js';

const ANNA: Actor = { type: 'user', id: 'anna', traceId: null };
const ALERT = '00000000-0000-4000-8000-000000000001';

let database: FreshDatabase;
let db: Kysely<unknown>;

beforeAll(async () => {
  database = await freshDatabase();
  db = createKysely<unknown>(createPool(database.url, { applicationName: 'test', max: 2 }));
  await migrate(db, { schema: 'alerting', migrations });
});
afterAll(async () => {
  await db?.destroy();
  await database?.drop();
});

const entries = async () => (await sql<object>`select actor, action, object_id, customer_id, before, after from alerting.published_admin_log order by at, id`.execute(db)).rows;

describe('the log of what is done to alerts', () => {
  it('has what somebody does to one, and nothing of what follows from usage or is recorded anew', async () => {
    await sql`
      insert into alerting.alerts (id, kind, quota_id, limit_version, period_start, threshold_percent, customer_id, metric, limit_value, value, status, crossing_number, raised_at)
      values (${ALERT}, 'quota_threshold', gen_random_uuid(), 1, '2026-11-01', 80, 'acme', 'tokens', 10, 9, 'active', 1, '2026-11-02T00:00:00Z')`.execute(db);
    await sql`update alerting.alerts set value = 10`.execute(db);
    expect(await entries()).toEqual([]);
    await new Changes(db, { schema: 'alerting' }).make(ANNA, async (change) => {
      await calledBy(change, 'resolved');
      await sql`update alerting.alerts set status = 'resolved', resolved_at = '2026-11-03T00:00:00Z'`.execute(transactionOf(change));
    });
    expect(await entries()).toEqual([
      {
        actor: 'anna',
        action: 'alert.resolved',
        object_id: ALERT,
        customer_id: 'acme',
        before: { kind: 'quota_threshold', status: 'active', raised_at: '2026-11-02T00:00:00.000Z', resolved_at: null },
        after: { kind: 'quota_threshold', status: 'resolved', raised_at: '2026-11-02T00:00:00.000Z', resolved_at: '2026-11-03T00:00:00.000Z' },
      },
    ]);
  });
});

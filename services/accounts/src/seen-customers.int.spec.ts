import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import { QuotaEventSchema, quotaSubject } from '@ledgerline/contracts';
import { connectNats, type NatsConnection, publishEnvelope } from '@ledgerline/messaging';
import { eventually, freshDatabase, type FreshDatabase, freshNats, type FreshNats, type RunningService, startService } from '@ledgerline/testing';
import pg from 'pg';

const SUBJECT = quotaSubject('customer_seen');

describe('customers seen in usage', () => {
  let database: FreshDatabase;
  let nats: FreshNats;
  let db: pg.Client;
  let nc: NatsConnection;
  let copies: RunningService[];

  const start = () => startService('accounts', { DATABASE_URL: database.url, NATS_URL: nats.url, STREAM_MAX_BYTES: '100000000', LEASE_TTL_MS: '2000' });
  const seen = (customerId: string) =>
    toBinary(QuotaEventSchema, create(QuotaEventSchema, { eventId: `seen/${customerId}`, event: { case: 'customerSeen', value: { customerId } } }));
  const publish = (data: Uint8Array) => publishEnvelope(jetstream(nc), SUBJECT, data, { timeoutMs: 5_000 });
  const customers = async () => (await db.query(`select customer_id, created_by from accounts.customers order by 1`)).rows;

  beforeAll(async () => {
    [database, nats] = await Promise.all([freshDatabase(), freshNats()]);
    db = new pg.Client({ connectionString: database.url });
    await db.connect();
    copies = [await start(), await start()];
    nc = await connectNats(nats.url, 'spec');
  });
  afterAll(async () => {
    await Promise.all(copies.map((copy) => copy.stop()));
    await nc.close();
    await db.end();
    await nats.stop();
    await database.drop();
  });

  it('a customer told of twice, among messages that are garbage, is created once', async () => {
    for (const data of [seen('a'), seen('b'), new Uint8Array([255, 1, 2]), seen('a'), new Uint8Array(), seen('c')]) await publish(data);
    await eventually(async () => expect(await customers()).toEqual(['a', 'b', 'c'].map((id) => ({ customer_id: id, created_by: 'event' }))));
  });

  it('when the copy that reads is killed, the other goes on within 10 s and behind the stored position', async () => {
    const { rows } = await db.query<{ owner: string }>(`select owner from accounts.leases where scope = 'quota-events'`);
    const reading = copies.findIndex((copy) => copy.log().includes(rows[0]!.owner));
    copies[reading]!.kill('SIGKILL');
    await publish(seen('d'));
    const killedAt = performance.now();
    await eventually(async () => expect(await customers()).toContainEqual({ customer_id: 'd', created_by: 'event' }), { timeoutMs: 12_000 });
    expect(performance.now() - killedAt).toBeLessThan(10_000);
    await eventually(async () => expect((await db.query(`select sequence from accounts.stream_positions`)).rows).toEqual([{ sequence: '7' }]));
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ClickHouseClient, connectClickHouse, migrateClickHouse, selectRows } from '@ledgerline/clickhouse';
import { DeltaKind, Outcome, type PricedRun, QUANTITIES } from '@ledgerline/contracts';
import { formatDecimal9, formatUsd, parseDecimal9 } from '@ledgerline/kernel';
import { type PartitionBatch } from '@ledgerline/messaging';
import { createKysely, createPool, migrate } from '@ledgerline/postgres';
import {
  CorrectedEvent,
  correctionRunOf,
  deltasOf,
  type DeltaSpec,
  type EventSpec,
  freshClickhouse,
  type FreshClickhouse,
  freshDatabase,
  type FreshDatabase,
  pricedBytes,
  RECORDED_AT_US,
  runOf,
} from '@ledgerline/testing';
import fc from 'fast-check';
import { type Kysely, sql } from 'kysely';
import { ClickHouseUsageStore } from './adapters/clickhouse-usage-store.js';
import { LEASE_SCOPE, PostgresRangeLedger } from './adapters/postgres-range-ledger.js';
import { SinkBatches } from './application/sink-batches.js';
import { clickHouseMigrations } from './migrations/clickhouse.js';
import { postgresMigrations, SCHEMA } from './migrations/postgres.js';

let clickHouse: FreshClickhouse;
let database: FreshDatabase;
let client: ClickHouseClient;
let db: Kysely<unknown>;
let sink: SinkBatches;

beforeEach(async () => {
  [clickHouse, database] = await Promise.all([freshClickhouse(), freshDatabase()]);
  client = await connectClickHouse({ url: clickHouse.url, applicationName: 'corrections-spec' }, { owner: SCHEMA, migrations: clickHouseMigrations });
  db = createKysely(createPool(database.url, { applicationName: 'corrections-spec', max: 3 }));
  await migrate(db, { schema: SCHEMA, migrations: postgresMigrations });
  await sql`insert into aggregation.leases (scope, unit, owner, epoch) values (${LEASE_SCOPE}, 0, 'me', 1)`.execute(db);
  sink = new SinkBatches({ shards: 1, ledger: new PostgresRangeLedger(db, 1), store: new ClickHouseUsageStore(client, clickHouse.database), logger: { info() {}, warn() {} } as never });
  await sink.loadCheckpoints([0]);
});
afterEach(async () => {
  await client.close();
  await db.destroy();
  await Promise.all([clickHouse.drop(), database.drop()]);
});

/** Takes runs in as one PRICED message of partition 0. */
const take = (...runs: PricedRun[]): Promise<void> => {
  const sequence = runs.at(-1)!.sourceSequence;
  const batch: PartitionBatch = {
    unit: 0,
    messages: [{ partition: 0, sequence, timestampUs: 0, subject: '', data: pricedBytes(0, runs) }],
    epochs: new Map([[0, 1]]),
    heads: new Map([[0, { sequence, streamId: 'then', messageDigest: '', highestSeen: sequence }]]),
  };
  return sink.handle(batch);
};
const rows = (query: string) => selectRows<Record<string, unknown>>(client, query);

const EVENT = { id: 'evt-1', customer: 'acme', occurredAtUs: RECORDED_AT_US - 5_000_001, usage: { input_tokens: 1_000, seconds: '1.5' }, costPico: 3_000_000_000_001n } satisfies EventSpec;

describe('a correction', () => {
  it('becomes signed rows at its own position, which add up to what the event should be', async () => {
    const recorded = runOf(0, 1, [EVENT, { customer: 'other' }]);
    const event = new CorrectedEvent(recorded.usageIds[0]!, EVENT);
    const adjusted = event.becomes(DeltaKind.adjusted, 'fix-1', { usage: { input_tokens: 400, output_tokens: 7, seconds: '0.000000001' }, outcome: Outcome.unpriced, status: 'error' });
    const refunded = event.becomes(DeltaKind.refunded, 'fix-2', { outcome: Outcome.priced, costPico: 5n });
    await take(recorded, correctionRunOf(0, 2, [{ usageId: event.usageId, id: 'fix-1' }, { usageId: event.usageId, id: 'fix-2', kind: 'refund' }], [...adjusted, ...refunded]));

    const stored = await rows(`SELECT kind, version, correction_id, event_count, unpriced_count, input_tokens, output_tokens, seconds, cost_usd, status, customer_id, price_book_version,
      occurred_at, recorded_at, source_sequence, source_index, usage_mask FROM usage_events WHERE usage_id = '${event.usageId}' ORDER BY source_sequence, source_index`);
    const shared = { customer_id: 'acme', occurred_at: '2026-11-22 11:59:55.123455' };
    const delta = { ...shared, price_book_version: '', recorded_at: '2026-11-22 12:00:00.123458', source_sequence: '2' };
    expect(stored).toMatchObject([
      { ...shared, kind: 'recorded', version: 0, correction_id: '', event_count: 1, unpriced_count: 0, input_tokens: '1000', seconds: '1.5', cost_usd: '3.000000000001', price_book_version: 'book-1', source_sequence: '1', source_index: 0 },
      { ...delta, kind: 'adjusted', version: 0, correction_id: 'fix-1', event_count: -1, unpriced_count: 0, input_tokens: '-1000', seconds: '-1.5', cost_usd: '-3.000000000001', status: 'ok', source_index: 2 },
      { ...delta, kind: 'adjusted', version: 1, correction_id: 'fix-1', event_count: 1, unpriced_count: 1, input_tokens: '400', output_tokens: '7', seconds: '0.000000001', cost_usd: null, status: 'error', source_index: 3, usage_mask: (1 << 0) | (1 << 4) | (1 << 11) },
      { ...delta, kind: 'refunded', version: 1, correction_id: 'fix-2', event_count: -1, unpriced_count: -1, input_tokens: '-400', output_tokens: '-7', seconds: '-0.000000001', cost_usd: null, source_index: 4 },
      { ...delta, kind: 'refunded', version: 2, correction_id: 'fix-2', event_count: 1, unpriced_count: 0, input_tokens: '400', cost_usd: '0.000000000005', source_index: 5 },
    ]);
    expect(await rows('SELECT sum(event_count) AS events, sum(unpriced_count) AS unpriced, sum(input_tokens) AS tokens, sum(seconds) AS seconds, sum(cost_usd) AS cost FROM usage_events WHERE customer_id = \'acme\'')).toEqual([
      { events: '1', unpriced: '0', tokens: '400', seconds: '0.000000001', cost: '0.000000000005' },
    ]);
  });

  it('that was parked takes effect in the message that records its event', async () => {
    const recorded = runOf(0, 2, [{ customer: 'other' }, EVENT, { customer: 'other', outcome: Outcome.duplicate }]);
    const event = new CorrectedEvent(recorded.usageIds[1]!, EVENT);
    await take(correctionRunOf(0, 1, [{ usageId: event.usageId, id: 'early', kind: 'void', outcome: Outcome.parked }]), { ...recorded, deltas: deltasOf(0, event.voided('early')) });
    expect(await rows(`SELECT kind, event_count, source_sequence, source_index FROM usage_events WHERE usage_id = '${event.usageId}' ORDER BY source_index`)).toEqual([
      { kind: 'recorded', event_count: 1, source_sequence: '2', source_index: 1 },
      { kind: 'voided', event_count: -1, source_sequence: '2', source_index: 3 },
    ]);
    expect(await rows('SELECT correction_id, outcome FROM corrections FINAL')).toEqual([{ correction_id: 'early', outcome: 'parked' }]);
  });

  it('taken in again, after a restart that lost the ledger too, changes nothing', async () => {
    const recorded = runOf(0, 1, [EVENT]);
    const event = new CorrectedEvent(recorded.usageIds[0]!, EVENT);
    const correction = correctionRunOf(0, 2, [{ usageId: event.usageId, id: 'fix' }], event.becomes(DeltaKind.adjusted, 'fix', { costPico: 1n }));
    await take(recorded, correction);
    await sql`delete from aggregation.partition_progress`.execute(db);
    await sink.loadCheckpoints([0]);
    await take(recorded, correction);
    expect(await rows('SELECT count() AS rows, sum(event_count) AS events, sum(cost_usd) AS cost FROM usage_events')).toEqual([{ rows: '3', events: '1', cost: '0.000000000001' }]);
    expect(await rows('SELECT count() AS corrections FROM corrections FINAL')).toEqual([{ corrections: '1' }]);
  });

  it('is kept with who asked, why and what became of it, also when it changed nothing', async () => {
    const usageId = '00000000-1111-2222-3333-444444444444';
    const other = '00000000-1111-2222-3333-555555555555';
    await take(
      correctionRunOf(0, 1, [
        { usageId, id: 'a', usage: { input_tokens: 3, seconds: '0.25' }, costUsd: '0.10', status: 'error', requestedBy: 'key-7', reason: 'misread', outcome: Outcome.refused, because: { code: 'not_found', detail: 'no such event' } },
        { usageId, id: 'b', kind: 'void', replacedBy: other, requestedAtUs: Number.MAX_SAFE_INTEGER, outcome: Outcome.duplicate },
        { usageId, id: 'c', kind: 'credit', costUsd: '5', occurredAtUs: Date.UTC(2026, 0, 1) * 1000, provider: 'openai' },
        { usageId: '00000000-0000-0000-0000-000000000000', id: 'd', kind: 'release', heldSequence: 41, heldIndex: 3 },
      ]),
    );
    const kept = await rows('SELECT * FROM corrections FINAL ORDER BY source_index');
    expect(kept).toMatchObject([
      {
        usage_id: usageId, correction_id: 'a', kind: 'adjust', customer_id: 'acme', outcome: 'refused', code: 'not_found', detail: 'no such event', requested_by: 'key-7', reason: 'misread',
        requested_at: '2026-11-22 12:00:00.121457', replaced_by: null, recorded_at: '2026-11-22 12:00:00.123457', source_generation: 1, source_partition: 0, source_sequence: '1', source_index: 0,
      },
      { correction_id: 'b', kind: 'void', outcome: 'duplicate', code: '', replaced_by: other, requested_at: '2255-06-05 23:47:34.740991' },
      { correction_id: 'c', kind: 'credit', outcome: 'applied' },
      { correction_id: 'd', kind: 'release', held_sequence: '41', held_index: 3 },
    ]);
    expect(kept.map(({ target }) => JSON.parse(target as string))).toEqual([
      { usage: { input_tokens: 3, seconds: '0.25' }, cost_usd: '0.10', status: 'error' },
      {},
      { amount_usd: '5', occurred_at: '2026-01-01T00:00:00.000000Z', provider: 'openai' },
      {},
    ]);
    expect(await rows('SELECT count() AS rows FROM usage_events')).toEqual([{ rows: '0' }]);
  });

  it('that is quarantined is kept whole, and is not taken for the event it names', async () => {
    const usageId = '00000000-1111-2222-3333-444444444444';
    const unreadable: PricedRun = { ...correctionRunOf(0, 2, [{ usageId }]), usage: Buffer.from('garbage'), undecodable: true, outcomes: Uint8Array.of(Outcome.quarantined), reasons: [{ index: 0, code: 'undecodable', detail: 'no envelope' }] };
    await take(correctionRunOf(0, 1, [{ usageId }, { usageId, id: 'bad', kind: 'refund', costUsd: 'x', outcome: Outcome.quarantined, because: { code: 'invalid', detail: 'cost_usd' } }]), unreadable);
    const items = await rows('SELECT * FROM quarantined_items FINAL ORDER BY source_sequence');
    expect(items).toMatchObject([
      { usage_id: usageId, item: 'correction', customer_id: 'acme', outcome: 'quarantined', code: 'invalid', detail: 'cost_usd', encoding: 'json', source_index: 1 },
      { usage_id: null, item: 'correction', code: 'undecodable', encoding: 'base64', body: Buffer.from('garbage').toString('base64') },
    ]);
    expect(JSON.parse(items[0]!['body'] as string)).toMatchObject({ usage_id: usageId, id: 'bad', kind: 'refund', cost_usd: 'x', reason: 'it was wrong' });
  });

  it('counts in the month in which the event occurred and in the recorded month in which it arrived; a credit moves money alone', async () => {
    const recorded = runOf(0, 1, [EVENT]);
    const event = new CorrectedEvent(recorded.usageIds[0]!, EVENT);
    const credit: DeltaSpec = { usageId: '00000000-0000-0000-0000-00000000000c', event: { ...EVENT, usage: {}, costPico: -1_000_000_000_000n }, kind: DeltaKind.credited, retracts: false, version: 0, correctionId: 'c-1' };
    await take(recorded, correctionRunOf(0, 2, [{ usageId: event.usageId }, { usageId: credit.usageId, kind: 'credit' }], [...event.becomes(DeltaKind.refunded, 'r', { costPico: 1n }), credit], Date.UTC(2026, 11, 1) * 1000));
    expect(await rows('SELECT toYYYYMM(recorded_at) AS recorded, toYYYYMM(occurred_at) AS occurred, sum(event_count) AS events, sum(cost_usd) AS cost FROM usage_events GROUP BY ALL ORDER BY recorded')).toEqual([
      { recorded: 202611, occurred: 202611, events: '1', cost: '3.000000000001' },
      { recorded: 202612, occurred: 202611, events: '0', cost: '-4' },
    ]);
  });
});

describe('sums of signed rows', () => {
  const usage = fc.record({ input_tokens: fc.maxSafeNat(), pages: fc.nat(9), seconds: fc.bigInt(0n, 8_999_999_999_999_999_999n).map(formatDecimal9) }, { requiredKeys: [] });
  const state = fc.record({
    usage,
    status: fc.constantFrom('ok' as const, 'error' as const),
    outcome: fc.constantFrom(Outcome.priced, Outcome.unpriced),
    costPico: fc.bigInt(0n, 10n ** 24n),
  });
  const histories = fc.array(fc.record({ first: state, then: fc.array(fc.oneof({ weight: 4, arbitrary: state }, fc.constant(null)), { maxLength: 5 }) }), { minLength: 1, maxLength: 40 });
  /** What sums of the events themselves would be. */
  const expected = (events: readonly EventSpec[]) => {
    const priced = events.filter(({ outcome }) => outcome === Outcome.priced);
    const sums = QUANTITIES.map(({ name, decimal }) => {
      const amounts = events.map((event) => (decimal ? parseDecimal9(String(event.usage?.[name] ?? 0)) : BigInt(event.usage?.[name] ?? 0)));
      const sum = amounts.reduce((total, amount) => total + amount, 0n);
      return [name, decimal ? formatDecimal9(sum) : String(sum)];
    });
    return { events: String(events.length), unpriced: String(events.length - priced.length), cost: formatUsd(priced.reduce((sum, { costPico }) => sum + costPico!, 0n)), ...Object.fromEntries(sums) };
  };
  const SUMS = `sum(event_count) AS events, sum(unpriced_count) AS unpriced, ifNull(sum(cost_usd), 0) AS cost,
    ${QUANTITIES.map(({ name, decimal }) => (decimal ? `sum(${name}) AS ${name}` : `sum(toInt128(${name})) AS ${name}`)).join(', ')}`;

  it('are those of the events as they should be, by any dimension, after any sequence of corrections', async () => {
    let sequence = 0;
    const net: EventSpec[] = [];
    await fc.assert(
      fc.asyncProperty(histories, async (all) => {
        const events = all.map(({ first }, i): EventSpec => ({ ...first, id: `${sequence}-${i}`, customer: `c-${i % 3}`, occurredAtUs: RECORDED_AT_US - i * 1_000_000_000 }));
        const recorded = runOf(0, ++sequence, events);
        const deltas: DeltaSpec[] = [];
        for (const [i, { then }] of all.entries()) {
          const event = new CorrectedEvent(recorded.usageIds[i]!, events[i]!);
          for (const [n, change] of then.entries()) {
            if (event.state !== null) deltas.push(...(change === null ? event.voided(`${n}`) : event.becomes(DeltaKind.adjusted, `${n}`, change)));
          }
          if (event.state !== null) net.push(event.state);
        }
        await take(recorded, correctionRunOf(0, ++sequence, [{ usageId: recorded.usageIds[0]! }], deltas));
        expect(await rows(`SELECT ${SUMS} FROM usage_events`)).toEqual([expected(net)]);
        for (const { customer_id, status, ...sums } of await rows(`SELECT customer_id, status, ${SUMS} FROM usage_events GROUP BY customer_id, status`)) {
          expect(sums).toEqual(expected(net.filter((event) => event.customer === customer_id && event.status === status)));
        }
        const bySlot = await rows('SELECT customer_id, toStartOfFifteenMinutes(occurred_at) AS slot, sum(event_count) AS events FROM usage_events GROUP BY customer_id, slot');
        expect(bySlot.reduce((sum, { events: count }) => sum + Number(count), 0)).toBe(net.length);
      }),
      { numRuns: 10 },
    );
  });
});

describe('a store from before there were corrections', () => {
  it('is taken over: its rows count as recorded, and its sums stay', async () => {
    const old = await freshClickhouse();
    const before = Object.fromEntries(Object.entries(clickHouseMigrations).filter(([name]) => name < '0003'));
    const later = Object.keys(clickHouseMigrations).filter((name) => name >= '0003');
    const upgraded = await connectClickHouse({ url: old.url, applicationName: 'spec' }, { owner: SCHEMA, migrations: before });
    try {
      await old.query("INSERT INTO usage_events (usage_id, customer_id, input_tokens, cost_usd, occurred_at, recorded_at) SELECT generateUUIDv4(), 'acme', 5, 0.5, now(), now() FROM numbers(100)");
      expect(await migrateClickHouse(upgraded, SCHEMA, clickHouseMigrations)).toEqual(later.sort());
      await old.query("INSERT INTO usage_events (usage_id, customer_id, kind, version, event_count, input_tokens, cost_usd, occurred_at, recorded_at) VALUES (generateUUIDv4(), 'acme', 'refunded', 0, -1, -5, -0.5, now(), now())");
      await old.query('OPTIMIZE TABLE usage_events FINAL');
      const sums = 'SELECT customer_id, sum(event_count) AS events, sum(cost_usd) AS cost, sum(toInt128(input_tokens)) AS tokens FROM usage_events GROUP BY customer_id';
      expect(await selectRows(upgraded, sums)).toEqual([{ customer_id: 'acme', events: '99', cost: '49.5', tokens: '495' }]);
      expect(await old.query(`EXPLAIN ${sums}`)).toContain('ReadFromMergeTree (quarter_hours)');
      expect(await selectRows(upgraded, 'SELECT kind, count() AS rows FROM usage_events GROUP BY kind ORDER BY kind')).toEqual([{ kind: 'recorded', rows: '100' }, { kind: 'refunded', rows: '1' }]);
    } finally {
      await upgraded.close();
      await old.drop();
    }
  });
});

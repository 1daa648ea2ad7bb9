import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ClickHouseClient, createClickHouse } from '@ledgerline/clickhouse';
import { decodeUsageEnvelope, Outcome, QUANTITIES, usageIdText, writeInt128 } from '@ledgerline/contracts';
import { formatDecimal9, formatUsd } from '@ledgerline/kernel';
import { freshClickhouse, type FreshClickhouse, freshDatabase, freshNats, startService } from '@ledgerline/testing';
import { deltasOf } from '../../../test/corrections.js';
import { type Event, event, usageMessage } from '../../../test/log.js';
import { EventAccumulator } from '../event-accumulator.js';
import { readSealedMonths, readSealedPartitions, readStoredPartitions, readSummaries, readUniqueOriginals } from './clickhouse-usage-reader.js';

let clickhouse: FreshClickhouse;
let client: ClickHouseClient;
const ends: (() => Promise<unknown>)[] = [];

const none = { months: [], rowsSinceUs: 0 };

/** The table as aggregation makes it. */
beforeAll(async () => {
  const [nats, database, rows] = await Promise.all([freshNats(), freshDatabase(), freshClickhouse()]);
  clickhouse = rows;
  ends.push(() => nats.stop(), () => database.drop(), () => rows.drop());
  const aggregation = await startService('aggregation', { NATS_URL: nats.url, DATABASE_URL: database.url, CLICKHOUSE_URL: rows.url, GENERATION: '1', PARTITIONS: '1', STREAM_MAX_BYTES: String(64 * 1024 * 1024) });
  await aggregation.stop();
  client = createClickHouse({ url: rows.url, applicationName: 'test' });
  ends.unshift(() => client.close());
}, 60_000);

afterAll(async () => {
  for (const end of ends) await end();
}, 30_000);

const column = (index: number): string => QUANTITIES.find((quantity) => quantity.index === index)!.name;

/** A row as the sink writes it. */
function values({ id, customer, tokens, seconds, occurredAtUs, outcome, cost }: Event, place: { sequence: number; index: number }, kind: string, sign: 1 | -1, generation = 1): string {
  const time = `fromUnixTimestamp64Micro(${occurredAtUs}, 'UTC')`;
  const money = outcome === Outcome.unpriced ? 'NULL' : `toDecimal128('${formatUsd(BigInt(sign) * cost)}', 12)`;
  return `('${usageIdText(id)}', '${kind}', '${customer}', 'openai', 'gpt-4', ${money}, ${sign}, ${outcome === Outcome.unpriced ? sign : 0}, ${sign * tokens}, toDecimal128('${formatDecimal9(BigInt(sign) * seconds)}', 9), ${time}, ${time}, ${generation}, 0, ${place.sequence}, ${place.index})`;
}

async function insert(rows: string[]): Promise<void> {
  const columns = `usage_id, kind, customer_id, provider, model, cost_usd, event_count, unpriced_count, ${column(0)}, ${column(11)}, occurred_at, recorded_at, source_generation, source_partition, source_sequence, source_index`;
  await clickhouse.query(`INSERT INTO usage_events (${columns}) VALUES ${rows.join(',')}`);
}

const counted = fc.tuple(event, fc.constantFrom(Outcome.priced, Outcome.unpriced), fc.constantFrom(0, 1, 2)).map(([given, outcome, money]): Event => ({ ...given, outcome, cost: [given.cost, given.cost % 2n ** 40n, 0n][money]! }));
const log = fc.record({ recorded: fc.uniqueArray(counted, { minLength: 1, maxLength: 6, selector: ({ id }) => usageIdText(id) }), replacement: counted, sequence: fc.constantFrom(7, 2 ** 33 + 5) });

describe('the rows as ClickHouse answers them', () => {
  it('have the sums and the hashes that the log has, signed rows with negative costs too', async () => {
    await fc.assert(
      fc.asyncProperty(log, async ({ recorded, replacement, sequence }) => {
        await clickhouse.query('TRUNCATE TABLE usage_events');
        const [first] = recorded;
        const after = { ...replacement, id: first!.id };
        const ledger = new EventAccumulator();
        const costs = new Uint8Array(recorded.length * 16);
        recorded.forEach(({ outcome, cost }, row) => writeInt128(costs, row * 16, outcome === Outcome.priced ? cost : 0n));
        ledger.addEvents(decodeUsageEnvelope(usageMessage(recorded, 1).data), Uint8Array.from(recorded, ({ outcome }) => outcome), costs, sequence);
        const deltas = deltasOf([{ event: first!, retracts: true, version: 0 }, { event: after, retracts: false, version: 1 }]);
        ledger.addDeltas(decodeUsageEnvelope(deltas.rows), deltas.entries, sequence + 1, 1);
        await insert([
          ...recorded.map((row, index) => values(row, { sequence, index }, 'recorded', 1)),
          values(first!, { sequence: sequence + 1, index: 1 }, 'adjusted', -1),
          values(after, { sequence: sequence + 1, index: 2 }, 'adjusted', 1),
        ]);
        const { rows, originals, rowHash, byKey } = ledger.result();
        const stored = (await readStoredPartitions(client, 1, new Map([[0, { after: sequence - 1, to: sequence + 1 }]]), true, 0)).get(0);
        expect(stored).toMatchObject({ rows, originals, uniqueOriginals: originals, rowHash });
        const summaries = await readSummaries(client, { generation: 1, sourceTo: new Map([[0, sequence + 1]]), sealed: none });
        for (const [key, sums] of byKey) expect(summaries.get(key) ?? { costPicoUsd: 0n, events: 0n }).toMatchObject({ costPicoUsd: sums.costPicoUsd, events: sums.events });
      }),
      { numRuns: 8 },
    );
  });

  it('have other hashes when two rows swap their costs, places or signs although every sum is the same', async () => {
    const make = (last: number, cost: bigint): Event => ({ id: Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? last : 0)), customer: 'acme', tokens: 1, seconds: 0n, occurredAtUs: 1.7e15, outcome: Outcome.priced, cost });
    const hashOf = async (rows: string[]): Promise<string> => {
      await clickhouse.query('TRUNCATE TABLE usage_events');
      await insert(rows);
      const { first, second } = (await readStoredPartitions(client, 1, new Map([[0, { after: 0, to: 9 }]]), true, 0)).get(0)!.rowHash;
      return `${first}, ${second}`;
    };
    const at = (sequence: number, index: number) => ({ sequence, index });
    const hashes = [
      await hashOf([values(make(1, 3n), at(1, 0), 'recorded', 1), values(make(2, 4n), at(1, 1), 'recorded', 1)]),
      await hashOf([values(make(1, 4n), at(1, 0), 'recorded', 1), values(make(2, 3n), at(1, 1), 'recorded', 1)]),
      await hashOf([values(make(1, 3n), at(1, 1), 'recorded', 1), values(make(2, 4n), at(1, 0), 'recorded', 1)]),
      await hashOf([values(make(1, 3n), at(1, 0), 'recorded', 1), values(make(2, 4n), at(2, 1), 'recorded', 1)]),
      await hashOf([values(make(1, 3n), at(1, 0), 'recorded', 1), values(make(2, -4n), at(1, 1), 'adjusted', -1)]),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('are those behind the range given, and no others', async () => {
    await clickhouse.query('TRUNCATE TABLE usage_events');
    const make = (last: number): Event => ({ id: Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? last : 0)), customer: 'acme', tokens: last, seconds: 0n, occurredAtUs: 1.7e15, outcome: Outcome.priced, cost: 1n });
    await insert([1, 2, 3, 4].map((sequence) => values(make(sequence), { sequence, index: 0 }, 'recorded', 1)));
    const stored = await readStoredPartitions(client, 1, new Map([[0, { after: 1, to: 3 }]]), false, 0);
    expect(stored.get(0)).toMatchObject({ rows: 2n, sums: { quantities: expect.arrayContaining([5n]) } });
    const summaries = await readSummaries(client, { generation: 1, sourceTo: new Map([[0, 3]]), sealed: none });
    expect([...summaries.values()]).toMatchObject([{ events: 3n, costPicoUsd: 3n }]);
    const ofTwo = async (generation: number): Promise<unknown> => [...(await readSummaries(client, { generation, sourceTo: new Map([[0, 3]]), others: { recordedSinceUs: 0 }, sealed: none })).values()];
    expect(await ofTwo(1)).toMatchObject([{ events: 3n }]);
    // The rows of a closed generation count whole, wherever the open one is cut off.
    expect(await ofTwo(2)).toMatchObject([{ events: 4n, costPicoUsd: 4n }]);
  });

  it('have the identities of all generations counted once, those of the open one up to the cut', async () => {
    await clickhouse.query('TRUNCATE TABLE usage_events');
    const make = (last: number): Event => ({ id: Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? last : 0)), customer: 'acme', tokens: last, seconds: 0n, occurredAtUs: 1.7e15, outcome: Outcome.priced, cost: 1n });
    await insert([values(make(1), { sequence: 9, index: 0 }, 'recorded', 1), values(make(2), { sequence: 10, index: 0 }, 'recorded', 1)]);
    await insert([2, 3, 4].map((last) => values(make(last), { sequence: last, index: 0 }, 'recorded', 1, 2)));
    expect(await readUniqueOriginals(client, 2, new Map([[0, 3]]), 0)).toEqual(new Map([[0, 3]]));
    expect(await readUniqueOriginals(client, 1, new Map([[0, 9]]), 0)).toEqual(new Map([[0, 1]]));
  });

  it('have the same summaries before a month is sealed, while its rows stay, and when they are gone', async () => {
    await clickhouse.query('TRUNCATE TABLE usage_events');
    const [january, february] = [Date.UTC(2026, 0, 31, 23, 59), Date.UTC(2026, 1, 1)].map((ms) => ms * 1000);
    const make = (last: number, occurredAtUs: number): Event => ({ id: Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? last : 0)), customer: 'acme', tokens: last, seconds: 5n, occurredAtUs, outcome: last === 2 ? Outcome.unpriced : Outcome.priced, cost: 3n });
    await insert([make(1, january!), make(2, january!), make(3, february!)].map((row, index) => values(row, { sequence: index + 1, index: 0 }, 'recorded', 1)));
    const cut = { generation: 1, sourceTo: new Map([[0, 3]]) };
    const before = await readSummaries(client, { ...cut, sealed: await readSealedMonths(client) });
    expect([...before.values()].map(({ events }) => events).sort()).toEqual([1n, 2n]);
    const seal = '00000000-0000-4000-8000-000000000001';
    const sums = `count() AS row_count, sum(event_count) AS events, sum(unpriced_count) AS unpriced, sum(cost_usd) AS cost, sum(${column(0)}) AS first, sum(${column(11)}) AS second`;
    const columns = `row_count, event_count, unpriced_count, cost_usd, ${column(0)}, ${column(11)}`;
    await clickhouse.query(`INSERT INTO sealed_summaries (recorded_month, seal, customer_id, provider, model, occurred_day, ${columns}) SELECT 202601, '${seal}', customer_id, provider, model, toDate32(occurred_at) AS day, ${sums} FROM usage_events WHERE toYYYYMM(recorded_at) = 202601 GROUP BY customer_id, provider, model, day`);
    await clickhouse.query(`INSERT INTO sealed_partitions (recorded_month, seal, source_generation, source_partition, source_to, originals, ${columns}) SELECT 202601, '${seal}', 1, 0, 2, countIf(kind = 'recorded'), ${sums} FROM usage_events WHERE toYYYYMM(recorded_at) = 202601`);
    await clickhouse.query(`INSERT INTO sealed_months VALUES (202601, '${seal}', 0)`);
    const staying = await readSealedMonths(client);
    expect(staying).toEqual({ months: [{ month: 202601, seal, dropped: false }], rowsSinceUs: february });
    expect(await readSummaries(client, { ...cut, sealed: staying })).toEqual(before);
    await clickhouse.query('ALTER TABLE usage_events DROP PARTITION 202601');
    await clickhouse.query(`INSERT INTO sealed_months VALUES (202601, '${seal}', 1)`);
    const gone = await readSealedMonths(client);
    expect(await readSummaries(client, { ...cut, sealed: gone })).toEqual(before);
    expect((await readSealedPartitions(client, 1, gone)).get(0)).toMatchObject({ rows: 2n, originals: 2n, sums: { events: 2n, unpriced: 1n, costPicoUsd: 3n } });
    expect((await readStoredPartitions(client, 1, new Map([[0, { after: 0, to: 3 }]]), true, gone.rowsSinceUs)).get(0)).toMatchObject({ rows: 1n });
  });
});

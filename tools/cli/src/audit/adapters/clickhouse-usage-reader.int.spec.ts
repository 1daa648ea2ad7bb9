import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ClickHouseClient, createClickHouse } from '@ledgerline/clickhouse';
import { decodeUsageEnvelope, Outcome, QUANTITIES, usageIdText, writeInt128 } from '@ledgerline/contracts';
import { formatDecimal9, formatUsd } from '@ledgerline/kernel';
import { freshClickhouse, type FreshClickhouse, freshDatabase, freshNats, startService } from '@ledgerline/testing';
import { deltasOf } from '../../../test/corrections.js';
import { type Event, event, usageMessage } from '../../../test/log.js';
import { EventAccumulator } from '../event-accumulator.js';
import { readStoredPartitions, readSummaries } from './clickhouse-usage-reader.js';

let clickhouse: FreshClickhouse;
let client: ClickHouseClient;
const ends: (() => Promise<unknown>)[] = [];

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
function values({ id, customer, tokens, seconds, occurredAtUs, outcome, cost }: Event, place: { sequence: number; index: number }, kind: string, sign: 1 | -1): string {
  const time = `fromUnixTimestamp64Micro(${occurredAtUs}, 'UTC')`;
  const money = outcome === Outcome.unpriced ? 'NULL' : `toDecimal128('${formatUsd(BigInt(sign) * cost)}', 12)`;
  return `('${usageIdText(id)}', '${kind}', '${customer}', 'openai', 'gpt-4', ${money}, ${sign}, ${outcome === Outcome.unpriced ? sign : 0}, ${sign * tokens}, toDecimal128('${formatDecimal9(BigInt(sign) * seconds)}', 9), ${time}, ${time}, 1, 0, ${place.sequence}, ${place.index})`;
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
        const stored = (await readStoredPartitions(client, 1, new Map([[0, { after: sequence - 1, to: sequence + 1 }]]), true)).get(0);
        expect(stored).toMatchObject({ rows, originals, uniqueOriginals: originals, rowHash });
        const summaries = await readSummaries(client, { generation: 1, sourceTo: new Map([[0, sequence + 1]]), otherGenerations: false });
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
      const { first, second } = (await readStoredPartitions(client, 1, new Map([[0, { after: 0, to: 9 }]]), true)).get(0)!.rowHash;
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
    const stored = await readStoredPartitions(client, 1, new Map([[0, { after: 1, to: 3 }]]), false);
    expect(stored.get(0)).toMatchObject({ rows: 2n, sums: { quantities: expect.arrayContaining([5n]) } });
    const summaries = await readSummaries(client, { generation: 1, sourceTo: new Map([[0, 3]]), otherGenerations: false });
    expect([...summaries.values()]).toMatchObject([{ events: 3n, costPicoUsd: 3n }]);
    expect((await readSummaries(client, { generation: 2, sourceTo: new Map([[0, 3]]), otherGenerations: true })).size).toBe(0);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Outcome, type PricedRun, QuotaEventSchema } from '@ledgerline/contracts';
import { type FreshDatabase, freshDatabase } from '@ledgerline/testing';
import { fromBinary } from '@bufbuild/protobuf';
import { loadCheckpoints } from '../src/adapters/postgres-checkpoints.js';
import { CheckpointMovedError } from '../src/application/ports.js';
import { CountingFixture, PARTITIONS, QUARANTINE_THRESHOLD } from './counting-fixture.js';
import { runOf, type TestEvent } from './priced-feed.js';

let database: FreshDatabase;
let fixture: CountingFixture;

beforeAll(async () => {
  database = await freshDatabase();
  fixture = await CountingFixture.create(database.url);
});

afterAll(async () => {
  await fixture?.end();
  await database?.drop();
});

const at = (time: string): number => Date.parse(time) * 1000;

/** A run recorded then, in which so many events were held back, after one that counted and one duplicate. */
function heldRun(source: number, partition: number, held: number, recordedAtUs: number): PricedRun {
  const heldBack = Array.from({ length: held }, (_, i): TestEvent => ({ customer: 'held', outcome: i % 2 ? Outcome.late : Outcome.quarantined }));
  const events: TestEvent[] = [{ customer: 'held', cost: 1n }, { customer: 'held', outcome: Outcome.duplicate }, ...heldBack];
  return { ...runOf(source, partition, events), recordedAtUs };
}

const count = (partition: number, held: number, recordedAtUs: number) =>
  fixture.copy().countRuns(partition, (source) => [heldRun(source, partition, held, recordedAtUs)]);

/** What was announced about an hour. */
async function announced(hourStartUs: number): Promise<{ held: number; threshold: number }[]> {
  const rows = await fixture.db.selectFrom('quota.outbox').select('payload').orderBy('id').execute();
  return rows.flatMap(({ payload }) => {
    const { event } = fromBinary(QuotaEventSchema, payload);
    if (event.case !== 'quarantineGrew' || event.value.hourStartUs !== BigInt(hourStartUs)) return [];
    return [{ held: Number(event.value.heldEvents), threshold: Number(event.value.threshold) }];
  });
}

const heldIn = async (hourStartUs: number): Promise<number> =>
  Number((await fixture.db.selectFrom('quota.quarantine_hours').select('held_events').where('hour_start', '=', new Date(hourStartUs / 1000)).executeTakeFirst())?.held_events ?? 0);

describe('growth of the quarantine', () => {
  it('is announced once, when the hour of recording reaches the threshold, and never for an hour that does not', async () => {
    const hour = at('2023-11-16T18:00:00Z');
    await count(0, QUARANTINE_THRESHOLD - 1, hour);
    expect(await announced(hour)).toEqual([]);
    // The hour before and the one behind are others.
    await count(0, QUARANTINE_THRESHOLD - 1, hour - 1);
    await count(0, QUARANTINE_THRESHOLD - 1, hour + 3_600_000_000);
    expect(await announced(hour)).toEqual([]);
    await count(1, 3, hour + 3_599_999_999);
    await count(2, 50, hour + 5);
    expect(await announced(hour)).toEqual([{ held: QUARANTINE_THRESHOLD + 2, threshold: QUARANTINE_THRESHOLD }]);
    expect([await announced(hour - 3_600_000_000), await announced(hour + 3_600_000_000)]).toEqual([[], []]);
  });

  it('counts whole messages that could not be read, and runs in which nothing else counts', async () => {
    const hour = at('2023-11-17T01:00:00Z');
    const undecodable = (source: number): PricedRun => ({ ...runOf(source, 3, [{ customer: 'held', outcome: Outcome.quarantined }]), usage: Buffer.from('x'), undecodable: true, recordedAtUs: hour });
    await fixture.copy().countRuns(3, (source) => [undecodable(source), undecodable(source + 1)]);
    expect(await heldIn(hour)).toBe(2);
  });

  it('is counted once however copies count side by side, and a batch that is counted again adds nothing', async () => {
    const hour = at('2023-11-17T09:00:00Z');
    await Promise.all(
      Array.from({ length: PARTITIONS }, async (_, partition) => {
        for (let round = 0; round < 10; round++) await count(partition, 2, hour + round);
      }),
    );
    expect(await heldIn(hour)).toBe(PARTITIONS * 20);
    expect(await announced(hour)).toHaveLength(1);
    const before = (await loadCheckpoints(fixture.db, 1, [1])).get(1)!;
    const copy = fixture.copy();
    await copy.countAt(1, [{ customer: 'held', outcome: Outcome.late }], before);
    await expect(copy.countAt(1, [{ customer: 'held', outcome: Outcome.late }], before)).rejects.toThrow(CheckpointMovedError);
    expect(await heldIn(at('2023-11-16T18:00:00Z'))).toBe(QUARANTINE_THRESHOLD + 2 + 50 + 1);
  });
});

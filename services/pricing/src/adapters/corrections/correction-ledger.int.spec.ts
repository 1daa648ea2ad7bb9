import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createKysely, createPool, leaseMigration, migrate } from '@ledgerline/postgres';
import { freshDatabase, type FreshDatabase } from '@ledgerline/testing';
import { type Kysely } from 'kysely';
import { type Pool } from 'pg';
import { correctionOf } from '../../../test/corrections.js';
import { MemoryCorrectionLedger } from '../../../test/memory-correction-ledger.js';
import { RECORDED_AT_US, terms, usageEnvelope, usageIdTextOf } from '../../../test/usage-events.js';
import { type CorrectionLedger, LedgerMovedError, noChanges } from '../../application/corrections/correction-ledger.js';
import { digestOf } from '../../application/corrections/decide-corrections.js';
import { type CountedEvent } from '../../application/corrections/event-record.js';
import { recordedEvent } from '../../application/corrections/find-original.js';
import { decideRun } from '../../application/decide-run.js';
import { seedPriceBook } from '@ledgerline/domain-pricing';
import { correctionMigration } from './correction-migration.js';
import { PostgresCorrectionLedger } from './postgres-correction-ledger.js';
import { type PricingDatabase } from './pricing-database.js';

const book = seedPriceBook();
const recorded = decideRun({ sequence: 1, timestampUs: RECORDED_AT_US, subject: '', data: usageEnvelope([{ id: 'a' }]) }, terms(), book, () => 0);
const event: CountedEvent = recordedEvent(recorded, 0, book.version, terms());
const a = usageIdTextOf({ id: 'a' });
const b = usageIdTextOf({ id: 'b' });

let database: FreshDatabase;
let pool: Pool;
let db: Kysely<PricingDatabase>;
let partition = 0;

beforeAll(async () => {
  database = await freshDatabase();
  pool = createPool(database.url, { applicationName: 'test' });
  db = createKysely<PricingDatabase>(pool);
  await migrate(db as Kysely<unknown>, { schema: 'pricing', migrations: { '0001_create_leases': leaseMigration('pricing'), '0002_create_corrections': correctionMigration } });
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

describe.each([
  ['in memory', (): CorrectionLedger => new MemoryCorrectionLedger()],
  ['in Postgres', (): CorrectionLedger => new PostgresCorrectionLedger(db, 1, partition)],
])('the corrections ledger %s', (_, open) => {
  let ledger: CorrectionLedger;
  beforeEach(async () => {
    partition++;
    for (const table of ['corrected_events', 'seen_corrections', 'parked_corrections'] as const) await db.deleteFrom(`pricing.${table}`).execute();
    ledger = open();
  });

  it('gives back the state of an event, every decided correction and what waits, in its order', async () => {
    const waits = ['2', '1', '3'].map((correctionId) => correctionOf({ of: 'b', correctionId, awaitsOriginal: true }));
    await ledger.save(0, 7, {
      events: new Map([[a, { ...event, net: { ...event.net, version: 2, costPico: null, voided: true } }]]),
      seen: [{ usageId: a, correctionId: 'x', digest: 'd' }],
      parked: waits.map((correction) => ({ usageId: b, correction })),
      arrived: new Set(),
    });
    const found = await ledger.find([a, b, usageIdTextOf({ id: 'c' })]);
    expect([...found.keys()].sort()).toEqual([a, b].sort());
    expect(found.get(a)!.event!.net).toEqual({ ...event.net, version: 2, costPico: null, voided: true });
    expect([...found.get(a)!.seen]).toEqual([['x', 'd']]);
    expect(found.get(b)!.parked).toEqual(waits);
    expect(await ledger.awaited()).toEqual([b]);
    expect(await ledger.progress()).toBe(7);
  });

  it('remembers what waited as decided once its event is recorded', async () => {
    const correction = correctionOf({ of: 'b', awaitsOriginal: true });
    await ledger.save(0, 1, { ...noChanges(), parked: [{ usageId: b, correction }] });
    await ledger.save(1, 2, { ...noChanges(), arrived: new Set([b]) });
    expect(await ledger.awaited()).toEqual([]);
    expect([...(await ledger.find([b])).get(b)!.seen]).toEqual([[correction.correctionId, digestOf(correction)]]);
  });

  it('keeps the first of two corrections with one id', async () => {
    await ledger.save(0, 1, { ...noChanges(), seen: [{ usageId: a, correctionId: 'x', digest: 'first' }] });
    await ledger.save(1, 2, { ...noChanges(), seen: [{ usageId: a, correctionId: 'x', digest: 'second' }] });
    expect((await ledger.find([a])).get(a)!.seen.get('x')).toBe('first');
  });

  it('moves only from where it stands, and nothing of a refused step stays', async () => {
    await ledger.save(0, 5, noChanges());
    await expect(ledger.save(4, 6, { ...noChanges(), events: new Map([[a, event]]) })).rejects.toThrow(LedgerMovedError);
    await expect(ledger.save(0, 6, { ...noChanges(), events: new Map([[a, event]]) })).rejects.toThrow(LedgerMovedError);
    expect(await ledger.progress()).toBe(5);
    expect((await ledger.find([a])).size).toBe(0);
  });
});

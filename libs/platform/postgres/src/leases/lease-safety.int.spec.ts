import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, freshDatabase, type FreshDatabase } from '@ledgerline/testing';
import { type Kysely, sql } from 'kysely';
import { type Pool } from 'pg';
import { createKysely } from '../create-kysely.js';
import { migrate } from '../migrate.js';
import { createPool } from '../pool.js';
import { fenceLease, LeaseLostError, LeaseManager, leaseMigration } from './index.js';

const TTL_MS = 1_500;
const BEAT_MS = 150;
const UNITS = 6;

interface Copy {
  manager: LeaseManager;
  pool: Pool;
  /** unit and epoch of every lease it was ever given */
  acquired: [unit: number, epoch: number][];
  lost: number[];
}

describe('leases', () => {
  let database: FreshDatabase;
  let kysely: Kysely<unknown>;
  let copies: Copy[];
  let overlaps: number;
  let watching: NodeJS.Timeout;

  const start = async (instanceId: string): Promise<Copy> => {
    const pool = createPool(database.url, { applicationName: `spec/${instanceId}`, max: 3 });
    const logger = { info: () => undefined, warn: () => undefined };
    const manager = new LeaseManager({ pool, schema: 'spec', scope: 'work', units: UNITS, instanceId, ttlMs: TTL_MS, heartbeatMs: BEAT_MS, logger });
    const copy: Copy = { manager, pool, acquired: [], lost: [] };
    manager.onAcquire((unit, epoch) => copy.acquired.push([unit, epoch]));
    manager.onLose((unit) => copy.lost.push(unit));
    copies.push(copy);
    await manager.start();
    return copy;
  };
  const sizes = () => copies.map((copy) => copy.manager.held().size);
  const holders = () => copies.flatMap((copy) => [...copy.manager.held().keys()]);
  const allHeld = () => expect(holders().sort()).toEqual([0, 1, 2, 3, 4, 5]);

  beforeEach(async () => {
    database = await freshDatabase();
    kysely = createKysely(createPool(database.url, { applicationName: 'spec', max: 3 }));
    await migrate(kysely, { schema: 'spec', migrations: { '0001_leases': leaseMigration('spec') } });
    copies = [];
    overlaps = 0;
    watching = setInterval(() => {
      const held = holders();
      overlaps += held.length - new Set(held).size;
    }, 5);
  });
  afterEach(async () => {
    clearInterval(watching);
    await Promise.all(copies.map((copy) => copy.manager.stop()));
    await Promise.all(copies.map((copy) => copy.pool.end()));
    await kysely.destroy();
    await database.drop();
    expect(overlaps).toBe(0);
    const given = copies.flatMap((copy) => copy.acquired.map(([unit, epoch]) => `${unit}@${epoch}`));
    expect(new Set(given).size).toBe(given.length);
  });

  it('one copy holds every unit; two and three share them fairly; a copy that stops hands its units over at once', async () => {
    const first = await start('one');
    expect(first.manager.held().size).toBe(UNITS);
    await start('two');
    await eventually(() => expect(sizes()).toEqual([3, 3]));
    await start('three');
    await eventually(() => expect(sizes()).toEqual([2, 2, 2]));
    await first.manager.stop();
    expect(first.lost.slice(-2).length).toBe(2);
    await eventually(() => expect(sizes()).toEqual([0, 3, 3]), { timeoutMs: TTL_MS });
  });

  it('copies that come and go in any order never share a unit, and in the end all units are held', async () => {
    const random = (below: number) => Math.floor(Math.random() * below);
    let next = 0;
    for (let round = 0; round < 14; round++) {
      const live = copies.filter((copy) => copy.manager.held().size > 0);
      if (live.length > 1 && random(2) === 0) await live[random(live.length)]!.manager.stop();
      else if (live.length < 3) await start(`copy-${next++}`);
      await eventually(() => performance.now() % 400 > 350, { intervalMs: 10 });
    }
    await start('last');
    await eventually(allHeld);
  });

  it('a copy cut off from Postgres lets go by its own clock before another copy takes over', async () => {
    const cut = await start('cut');
    // Its next connection, and so every heartbeat, hangs: what a network partition looks like from inside.
    cut.pool.connect = (() => new Promise(() => undefined)) as unknown as Pool['connect'];
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'spec/cut'`.execute(kysely);
    const cutAt = performance.now();
    const heir = await start('heir');
    await eventually(() => expect(cut.manager.held().size).toBe(0), { intervalMs: 5 });
    expect(performance.now() - cutAt).toBeLessThan(TTL_MS + 200);
    await eventually(() => expect(heir.manager.held().size).toBe(UNITS));
    expect(cut.lost.sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...heir.manager.held().values()]).toEqual([2, 2, 2, 2, 2, 2]);
  });

  it('a transaction of an old epoch is refused, one of the present epoch holds off a takeover until it ends', async () => {
    const owner = await start('owner');
    const epoch = owner.manager.held().get(0)!;
    await expect(kysely.transaction().execute((trx) => fenceLease(trx, 'spec', 'work', 0, epoch - 1))).rejects.toThrow(LeaseLostError);
    let heir: Copy | undefined;
    await kysely.transaction().execute(async (trx) => {
      await fenceLease(trx, 'spec', 'work', 0, epoch);
      await owner.manager.stop();
      heir = await start('heir');
      expect(heir.manager.held().has(0)).toBe(false);
      expect(heir.manager.held().size).toBe(UNITS - 1);
    });
    await eventually(() => expect(heir!.manager.held().get(0)).toBe(epoch + 1));
    await expect(kysely.transaction().execute((trx) => fenceLease(trx, 'spec', 'work', 0, epoch))).rejects.toThrow(LeaseLostError);
  });

  it("a long transaction under the fence does not stop the owner's heartbeat", async () => {
    const owner = await start('owner');
    const epoch = owner.manager.held().get(0)!;
    const until = performance.now() + 2 * TTL_MS;
    await kysely.transaction().execute(async (trx) => {
      await fenceLease(trx, 'spec', 'work', 0, epoch);
      await eventually(() => performance.now() > until, { timeoutMs: 3 * TTL_MS });
    });
    expect(owner.lost).toEqual([]);
    expect(owner.manager.held().get(0)).toBe(epoch);
  });

  it('leases survive the loss of the heartbeat connection', async () => {
    const owner = await start('owner');
    await owner.pool.query(`select pg_terminate_backend(backend_pid) from spec.lease_members`);
    const until = performance.now() + 2 * TTL_MS;
    await eventually(() => performance.now() > until, { timeoutMs: 3 * TTL_MS });
    expect(owner.lost).toEqual([]);
    allHeld();
  });
});

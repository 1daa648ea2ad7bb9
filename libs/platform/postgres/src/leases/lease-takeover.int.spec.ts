import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, freshDatabase, type FreshDatabase } from '@ledgerline/testing';
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Pool } from 'pg';
import { createKysely } from '../create-kysely.js';
import { migrate } from '../migrate.js';
import { createPool } from '../pool.js';
import { LeaseManager, leaseMigration } from './index.js';

const TTL_MS = 1_500;
const UNITS = 4;
const DIST = fileURLToPath(new URL('../../dist/index.js', import.meta.url));

/** Holds all units in a process of its own and sits inside a transaction under the fence of unit 0. */
const HOLDER = `
  import { createKysely, createPool, fenceLease, LeaseManager } from ${JSON.stringify(DIST)};
  const pool = createPool(process.env.DATABASE_URL, { applicationName: 'spec/holder', max: 3 });
  const logger = { info() {}, warn() {} };
  const manager = new LeaseManager({ pool, schema: 'spec', scope: 'work', units: ${UNITS}, instanceId: 'holder', ttlMs: ${TTL_MS}, logger });
  await manager.start();
  const held = manager.held();
  await createKysely(pool).transaction().execute(async (trx) => {
    await fenceLease(trx, 'spec', 'work', 0, held.get(0));
    const told = new Promise((resolve) => process.once('SIGUSR2', resolve));
    console.log('inside', JSON.stringify([...held]));
    await told;
    console.log('held', manager.held().size);
  }).then(() => console.log('committed'), (error) => console.log('refused', error.message));
  process.exit(0);
`;

describe('takeover', () => {
  let database: FreshDatabase;
  let pool: Pool;
  let holder: ChildProcess;
  let output: string;
  let heir: LeaseManager;

  beforeEach(async () => {
    database = await freshDatabase();
    pool = createPool(database.url, { applicationName: 'spec/heir', max: 5 });
    await migrate(createKysely(pool), { schema: 'spec', migrations: { '0001_leases': leaseMigration('spec') } });
    holder = spawn(process.execPath, ['--input-type=module', '-e', HOLDER], { env: { ...process.env, NODE_OPTIONS: '', DATABASE_URL: database.url } });
    output = '';
    holder.stdout!.on('data', (chunk) => (output += String(chunk)));
    holder.stderr!.on('data', (chunk) => (output += String(chunk)));
    await eventually(() => expect(output).toContain('inside'));
    const logger = { info: () => undefined, warn: () => undefined };
    heir = new LeaseManager({ pool, schema: 'spec', scope: 'work', units: UNITS, instanceId: 'heir', ttlMs: TTL_MS, logger });
  });
  afterEach(async () => {
    holder.kill('SIGKILL');
    await heir.stop();
    await pool.end();
    await database.drop();
  });

  it('the units of a killed process move within the ttl and a few heartbeats', async () => {
    holder.kill('SIGKILL');
    const killedAt = performance.now();
    await heir.start();
    await eventually(() => expect(heir.held().size).toBe(UNITS));
    expect(performance.now() - killedAt).toBeLessThan(TTL_MS + 1_500);
    expect([...heir.held().values()]).toEqual([2, 2, 2, 2]);
  });

  it('a process frozen inside a transaction loses its units and its transaction, and knows it when it thaws', async () => {
    holder.kill('SIGSTOP');
    const frozenAt = performance.now();
    await heir.start();
    await eventually(() => expect(heir.held().size).toBe(UNITS));
    expect(performance.now() - frozenAt).toBeLessThan(TTL_MS + 1_500);
    holder.kill('SIGCONT');
    holder.kill('SIGUSR2');
    await eventually(() => expect(output).toMatch(/refused/));
    expect(output).not.toContain('committed');
    expect(output).toContain('held 0');
  });
});

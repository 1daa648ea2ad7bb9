import { type Pool } from 'pg';
import { createPool } from '@ledgerline/postgres';
import { type AreaCheck, type Findings } from '../finding.js';
import { type KnownAddresses } from '../known-addresses.js';
import { readClock, reportClock } from '../skew.js';
import { atLeast, versionOf } from '../versions.js';

/** Unique constraints that take NULLs as equal came with 15. */
const REQUIRED = [15];
const RECOMMENDED = [18];
const CONNECTIONS = { warnAt: 0.8, failAt: 0.97 };
/** Who migrates a schema of its own; the audit's comes with its first run. */
const SCHEMAS = ['accounts', 'pricing', 'aggregation', 'quota', 'alerting'];

/** The database of checkpoints, sums, quotas and keys. */
export const postgresCheck = (known: KnownAddresses): AreaCheck => ({
  area: 'Postgres',
  unreachable: 'Start Postgres, or set DATABASE_URL to where it runs; until then nothing is priced or counted, and nothing is lost.',
  run: async (findings) => {
    if (!known.databaseUrl) return findings.skip('reachable', 'its address is not known', 'Set DATABASE_URL to have it checked.');
    const pool = createPool(known.databaseUrl, { applicationName: 'ledgerline-doctor', max: 1 });
    try {
      const settings = await readSettings(pool);
      findings.ok('reachable', `${new URL(known.databaseUrl).host}, as ${settings.user}`);
      reportVersion(findings, settings.server_version!);
      reportDurability(findings, settings);
      await reportConnections(findings, pool);
      await reportMigrations(findings, pool);
      await reportPermissions(findings, pool);
      reportClock(findings, await readClock(async () => Number((await pool.query<{ ms: string }>('SELECT (extract(epoch FROM clock_timestamp()) * 1000)::text AS ms')).rows[0]!.ms)));
    } finally {
      await pool.end();
    }
  },
});

async function readSettings(pool: Pool): Promise<Record<string, string>> {
  const { rows } = await pool.query<{ name: string; setting: string }>(
    "SELECT name, setting FROM pg_settings WHERE name IN ('server_version', 'fsync', 'full_page_writes', 'synchronous_commit') UNION ALL SELECT 'user', current_user",
  );
  return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
}

function reportVersion(findings: Findings, text: string): void {
  const version = versionOf(text);
  if (!atLeast(version, REQUIRED)) findings.fail('version', text, `At least ${REQUIRED.join('.')} is needed.`);
  else if (!atLeast(version, RECOMMENDED)) findings.warn('version', text, `Everything is tried on ${RECOMMENDED.join('.')}: upgrade when you can.`);
  else findings.ok('version', text);
}

/** Only what is off is wrong: transactions of plain sums turn synchronous_commit off for themselves, on purpose. */
function reportDurability(findings: Findings, settings: Record<string, string>): void {
  const off = ['fsync', 'full_page_writes', 'synchronous_commit'].filter((name) => settings[name] === 'off');
  if (off.length === 0) findings.ok('durability', 'power-loss durable: fsync, full_page_writes and synchronous_commit are on');
  else findings.fail('durability', `${off.join(', ')} off`, `Set ${off.map((name) => `${name} = on`).join(', ')}: a power cut would lose what was committed.`);
}

async function reportConnections(findings: Findings, pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ used: number; most: number }>(
    "SELECT count(*)::int AS used, current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS most FROM pg_stat_activity WHERE backend_type = 'client backend'",
  );
  const { used, most } = rows[0]!;
  findings.level('connections', used / most, CONNECTIONS, `${used} of ${most} in use`, 'Raise max_connections, or run fewer copies of the services.');
}

async function reportMigrations(findings: Findings, pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ schema: string }>("SELECT table_schema AS schema FROM information_schema.tables WHERE table_name = 'kysely_migration' ORDER BY 1");
  const there = rows.map(({ schema }) => schema);
  const missing = SCHEMAS.filter((schema) => !there.includes(schema));
  const counts = await Promise.all(there.map(async (schema) => `${schema} ${(await pool.query(`SELECT name FROM "${schema}".kysely_migration`)).rowCount}`));
  if (missing.length === 0) findings.ok('migrations', counts.join(', '));
  else findings.warn('migrations', `none of ${missing.join(', ')}`, `Start ${missing.join(', ')} once: each service migrates its own schema.`);
}

async function reportPermissions(findings: Findings, pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ creates: boolean }>('SELECT has_database_privilege(current_database(), \'CREATE\') AS creates');
  if (rows[0]!.creates) findings.ok('permission', 'may create schemas');
  else findings.warn('permission', 'may not create schemas', 'Grant CREATE on the database to the user of DATABASE_URL: services migrate their own schemas, and the audit keeps its baseline in one.');
}

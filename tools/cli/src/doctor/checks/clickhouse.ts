import { type ClickHouseClient, createClickHouse, selectRows } from '@ledgerline/clickhouse';
import { type AreaCheck, type Findings } from '../finding.js';
import { type KnownAddresses } from '../known-addresses.js';
import { readClock, reportClock } from '../skew.js';

const DISK = { warnAt: 0.9, failAt: 0.98 };
/** ClickHouse slows inserts at 1,000 parts of one month and refuses them at 3,000. */
const PARTS = { warnAt: 300, failAt: 1_000 };
/** Both halves of a statement see the same rows; summaries are proved with it. */
const SNAPSHOTS = 'enable_shared_storage_snapshot_in_query';

/** The store of rows and summaries. */
export const clickhouseCheck = (known: KnownAddresses): AreaCheck => ({
  area: 'ClickHouse',
  unreachable: 'Start ClickHouse, or set CLICKHOUSE_URL to where it runs; until then rows wait in the log, and nothing is lost.',
  run: async (findings) => {
    if (!known.clickhouseUrl) return findings.skip('reachable', 'its address is not known', 'Set CLICKHOUSE_URL to have it checked.');
    const client = createClickHouse({ url: known.clickhouseUrl, applicationName: 'ledgerline-doctor', requestTimeoutMs: 10_000 });
    try {
      const [server] = await selectRows<{ version: string; user: string }>(client, 'SELECT version() AS version, currentUser() AS user');
      findings.ok('reachable', `${new URL(known.clickhouseUrl).host}, as ${server!.user}`);
      await reportSettings(findings, client, server!.version);
      await reportDisk(findings, client);
      await reportTables(findings, client);
      await reportOpenUser(findings, known.clickhouseUrl);
      reportClock(findings, await readClock(async () => Number((await selectRows<{ us: string }>(client, 'SELECT toString(toUnixTimestamp64Micro(now64(6))) AS us'))[0]!.us) / 1000));
    } finally {
      await client.close();
    }
  },
});

async function reportSettings(findings: Findings, client: ClickHouseClient, version: string): Promise<void> {
  const rows = await selectRows<{ name: string; value: string }>(
    client,
    `SELECT name, value FROM system.settings WHERE name IN ('async_insert', '${SNAPSHOTS}') UNION ALL SELECT name, value FROM system.merge_tree_settings WHERE name IN ('fsync_after_insert', 'fsync_part_directory')`,
  );
  const settings = new Map(rows.map(({ name, value }) => [name, value]));
  if (settings.has(SNAPSHOTS)) findings.ok('version', version);
  else findings.fail('version', version, `It does not know ${SNAPSHOTS}, which the audit needs: upgrade (26.7 is what everything is tried on).`);
  if (settings.get('async_insert') === '0') findings.ok('inserts', 'answered when the rows are there');
  else findings.fail('inserts', 'async_insert is on', 'Set async_insert = 0 in the profile of the services: a sink must know that its rows are stored.');
  const synced = settings.get('fsync_after_insert') === '1' && settings.get('fsync_part_directory') === '1';
  findings.ok('durability', synced ? 'power-loss durable: every insert is synced' : 'process-crash durable; for the loss of power set fsync_after_insert = 1 and fsync_part_directory = 1');
}

async function reportDisk(findings: Findings, client: ClickHouseClient): Promise<void> {
  const disks = await selectRows<{ name: string; free: string; total: string }>(client, 'SELECT name, toString(free_space) AS free, toString(total_space) AS total FROM system.disks');
  for (const { name, free, total } of disks) {
    const gibibytes = (bytes: string): string => (Number(bytes) / 2 ** 30).toFixed(1);
    findings.level('disk', 1 - Number(free) / Number(total), DISK, `${name}: ${gibibytes(free)} of ${gibibytes(total)} GiB free`, 'Free or add disk: a full one stops inserts, and the log fills up behind them.');
  }
}

async function reportTables(findings: Findings, client: ClickHouseClient): Promise<void> {
  const tables = await selectRows<{ name: string }>(client, "SELECT name FROM system.tables WHERE database = currentDatabase() AND name IN ('usage_events', 'quarantined_items')");
  if (tables.length < 2) return findings.warn('migrations', 'no tables yet', 'Start aggregation once: it makes them.');
  const migrations = await selectRows<{ name: string }>(client, 'SELECT DISTINCT name FROM schema_migrations ORDER BY name');
  findings.ok('migrations', migrations.map(({ name }) => name).join(', '));
  const [parts] = await selectRows<{ most: string; all: string }>(
    client,
    "SELECT toString(max(parts)) AS most, toString(sum(parts)) AS all FROM (SELECT partition, count() AS parts FROM system.parts WHERE active AND database = currentDatabase() AND table = 'usage_events' GROUP BY partition)",
  );
  const [merges] = await selectRows<{ n: string }>(client, "SELECT toString(count()) AS n FROM system.merges WHERE database = currentDatabase() AND table = 'usage_events'");
  const found = `${parts!.all} parts, at most ${parts!.most} in a month, ${merges!.n} merges at work`;
  findings.level('parts', Number(parts!.most), PARTS, found, 'Merges do not keep up: give ClickHouse more cores or a larger background_pool_size, or run fewer sinks.');
}

/** The user without a password, which every server has, must be able to read nothing. */
async function reportOpenUser(findings: Findings, url: string): Promise<void> {
  const open = new URL(url);
  open.username = 'default';
  open.password = '';
  const client = createClickHouse({ url: open.href, applicationName: 'ledgerline-doctor', requestTimeoutMs: 5_000 });
  try {
    await selectRows(client, 'SELECT count() FROM usage_events');
    findings.fail('permission', 'the user "default" reads usage without a password', 'Give it a password, or no grants, in users.xml.');
  } catch {
    findings.ok('permission', 'the user "default" without a password reads nothing');
  } finally {
    await client.close();
  }
}

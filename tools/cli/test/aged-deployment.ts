import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pricedStream, pricedSubject, usageStream, usageSubject } from '@ledgerline/contracts';
import { connectNats, ensureStreams, type NatsConnection } from '@ledgerline/messaging';
import { type EventSpec, freshClickhouse, type FreshClickhouse, freshDatabase, freshNats, pricedBytes, runOf, type RunningService, startService } from '@ledgerline/testing';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import pg from 'pg';

const PARTITIONS = [0, 1];

/** What makes everything older than its retention: seconds for the log, months that are over for rows. */
export const AGED_LOG = { LOG_RETENTION_DAYS: '0.000001', PRICING_INDEX_WINDOW_DAYS: '0.000001', ARCHIVE_EVERY_MS: '100', ARCHIVE_FILE_MAX_AGE_MS: '0' };
export const AGED_ROWS = { RETENTION_DAYS: '1', RETENTION_EVERY_MS: '100', SEALED_GRACE_MS: '0' };

/** The services behind pricing over servers of their own, fed with what pricing would publish. */
export class AgedDeployment {
  private readonly folder = mkdtempSync(join(tmpdir(), 'ledgerline-aged-'));
  private readonly services = new Map<string, RunningService>();
  private readonly ends: (() => Promise<unknown>)[] = [];
  private readonly sequences = new Map<number, number>();
  private env: Record<string, string> = {};
  private nc!: NatsConnection;
  pool!: pg.Pool;
  clickHouse!: FreshClickhouse;

  async start(): Promise<void> {
    const [nats, database, clickHouse] = await Promise.all([freshNats(), freshDatabase(), freshClickhouse()]);
    this.clickHouse = clickHouse;
    this.nc = await connectNats(nats.url, 'aged-spec');
    this.pool = new pg.Pool({ connectionString: database.url, max: 1 });
    this.ends.push(() => this.nc.close(), () => this.pool.end(), () => nats.stop(), () => database.drop(), () => clickHouse.drop());
    this.env = {
      NATS_URL: nats.url,
      DATABASE_URL: database.url,
      CLICKHOUSE_URL: clickHouse.url,
      GENERATION: '1',
      PARTITIONS: String(PARTITIONS.length),
      AGGREGATION_SHARDS: '1',
      LEASE_TTL_MS: '1000',
      STREAM_MAX_BYTES: String(64 * 1024 ** 2),
      ARCHIVE_URL: pathToFileURL(this.folder).href,
      ADMIN_KEY: 'aged-admin-key-0123456789',
      USAGE_ID_KEY: '000102030405060708090a0b0c0d0e0f',
    };
    await ensureStreams(this.nc, { generation: 1, partitions: PARTITIONS.length, maxBytes: 64 * 1024 ** 2, kinds: ['USAGE', 'PRICED', 'QUOTA'] });
    await this.restart('accounts');
    await Promise.all([this.restart('aggregation'), this.restart('quota')]);
  }

  async restart(name: string, over: Record<string, string> = {}): Promise<void> {
    await this.services.get(name)?.stop();
    this.services.set(name, await startService(name, { ...this.env, ...over }));
  }

  /** Publishes a USAGE message and its PRICED one, as if the broker had taken it at `recordedAtUs`. */
  async record(partition: number, events: readonly EventSpec[], recordedAtUs: number): Promise<void> {
    const js = jetstream(this.nc);
    const sequence = (this.sequences.get(partition) ?? 0) + 1;
    this.sequences.set(partition, sequence);
    const run = runOf(partition, sequence, events, recordedAtUs);
    await js.publish(usageSubject(1, partition), run.usage);
    await js.publish(pricedSubject(1, partition), pricedBytes(partition, [run]));
  }

  /** Quota sums of all periods. */
  async quotaSums(): Promise<unknown[]> {
    return (await this.pool.query('select * from quota.published_sums order by 1, 2, 3, 4')).rows as unknown[];
  }

  /** What is left of the streams: of each partition the first sequence of PRICED, then of USAGE. */
  async firstSequences(): Promise<number[]> {
    const jsm = await jetstreamManager(this.nc);
    const names = [pricedStream, usageStream].flatMap((name) => PARTITIONS.map((partition) => name(1, partition)));
    return Promise.all(names.map(async (name) => (await jsm.streams.info(name)).state.first_seq));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.services.values()].map((service) => service.stop()));
    for (const end of this.ends) await end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

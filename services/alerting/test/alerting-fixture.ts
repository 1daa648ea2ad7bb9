import { create, toBinary } from '@bufbuild/protobuf';
import { Metric, QUOTA_STREAM, QuotaEventSchema, quotaSubject } from '@ledgerline/contracts';
import { connectNats, ensureStreams, type NatsConnection } from '@ledgerline/messaging';
import { call, eventually, type FreshDatabase, freshDatabase, type FreshNats, freshNats, type RunningAccounts, type RunningService, startAccounts, startService } from '@ledgerline/testing';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

/** What a quota service decides. */
export interface Told {
  customer: string;
  kind: 'crossed' | 'uncrossed';
  number?: number;
  threshold?: number;
  version?: number;
  atMs?: number;
}

export type Alert = Record<string, unknown> & { id: string };

/** The alerting service with real servers of its own, told of decisions as the quota service tells of them. */
export class AlertingFixture {
  readonly running: RunningService[] = [];

  private constructor(
    readonly database: FreshDatabase,
    readonly nats: FreshNats,
    readonly nc: NatsConnection,
    readonly sql: pg.Pool,
    private readonly settings: Record<string, string>,
    readonly accounts: RunningAccounts,
  ) {}

  /** @param more variables of the alerting service */
  static async start(more: Record<string, string> = {}): Promise<AlertingFixture> {
    const [database, nats] = await Promise.all([freshDatabase(), freshNats()]);
    const nc = await connectNats(nats.url, 'test');
    await ensureStreams(nc, { generation: 1, partitions: 1, maxBytes: 64 * 1024 ** 2, kinds: ['QUOTA'] });
    const settings = { DATABASE_URL: database.url, NATS_URL: nats.url, STREAM_MAX_BYTES: String(64 * 1024 ** 2), LEASE_TTL_MS: '3000' };
    const accounts = await startAccounts(settings);
    const fixture = new AlertingFixture(database, nats, nc, new pg.Pool({ connectionString: database.url, max: 2 }), { ...settings, ...more }, accounts);
    await fixture.startCopy();
    return fixture;
  }

  async startCopy(more: Record<string, string> = {}): Promise<void> {
    this.running.push(await startService('alerting', { ...this.settings, ...more }));
  }

  async end(): Promise<void> {
    await Promise.all([this.accounts.service, ...this.running].map((service) => service.stop()));
    await this.nc.close();
    await this.sql.end();
    await this.nats.stop();
    await this.database.drop();
  }

  /** Of the copy that was started last. */
  get url(): string {
    return this.running.at(-1)!.url;
  }

  /** The job that `rebuild alerts` starts, told to switch. Answers what it said. */
  async rebuild(): Promise<string> {
    const job = spawn(process.execPath, [fileURLToPath(new URL('../dist/rebuild.js', import.meta.url))], { env: { ...process.env, ...this.settings } });
    job.stdin.end('yes\n');
    const [output] = await Promise.all([text(job.stdout), once(job, 'exit')]);
    return output;
  }

  /** Everything that any copy logged. */
  log(): string {
    return this.running.map((service) => service.log()).join('');
  }

  publish(bytes: Uint8Array): Promise<unknown> {
    return jetstream(this.nc).publish(quotaSubject('test'), bytes);
  }

  async tell({ customer, kind, number = 1, threshold = 80, version = 1, atMs = Date.parse('2023-11-20') }: Told): Promise<void> {
    const crossing = {
      quotaId: quotaOf(customer),
      customerId: customer,
      metric: Metric.TOKENS,
      provider: 'openai',
      limit: '1000000',
      limitVersion: version,
      periodStart: '2023-11-01',
      thresholdPercent: threshold,
      crossingNumber: number,
      value: String(800_000 + number),
    };
    const eventId = `${crossing.quotaId}/v${version}/2023-11-01/${threshold}%/n${number}/${kind}`;
    const event = kind === 'crossed' ? ({ case: 'thresholdCrossed', value: { crossing } } as const) : ({ case: 'thresholdUncrossed', value: { crossing } } as const);
    await this.publish(toBinary(QuotaEventSchema, create(QuotaEventSchema, { eventId, decidedAtUs: BigInt(atMs) * 1000n, event })));
  }

  async tellGrowth(heldEvents: number, hourMs: number, { eventId = `quarantine/${hourMs}`, atMs = hourMs + 60_000 } = {}): Promise<void> {
    const value = { hourStartUs: BigInt(hourMs) * 1000n, heldEvents: BigInt(heldEvents), threshold: 100n };
    await this.publish(toBinary(QuotaEventSchema, create(QuotaEventSchema, { eventId, decidedAtUs: BigInt(atMs) * 1000n, event: { case: 'quarantineGrew', value } })));
  }

  /** Waits until everything on the stream is handled, so that what did not happen is known not to happen. */
  async settled(): Promise<void> {
    const { state } = await (await jetstreamManager(this.nc)).streams.info(QUOTA_STREAM);
    await eventually(async () => {
      const { rows } = await this.sql.query('select sequence::int from alerting.checkpoints where stream = $1', [QUOTA_STREAM]);
      if (rows[0]?.sequence !== state.last_seq) throw new Error(`read up to ${rows[0]?.sequence} of ${state.last_seq}`);
      return true;
    });
  }

  async alertsOf(customer: string, more = ''): Promise<Alert[]> {
    return this.list(`customer_id=${customer}${more}`);
  }

  async list(query: string): Promise<Alert[]> {
    return ((await call(this.url, 'GET', `/v1/alerts?${query}`)).body as { data: Alert[] }).data;
  }
}

function quotaOf(customer: string): string {
  return `0b1f6c6e-0000-4000-8000-${hash('sha256', customer, 'hex').slice(0, 12)}`;
}

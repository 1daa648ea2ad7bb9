import { freshClickhouse, type FreshClickhouse, freshDatabase, freshNats, type FreshNats, type RunningService, startService } from '@ledgerline/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { processContext } from '../src/commands/context.js';
import { run } from '../src/program.js';

export const ADMIN_KEY = 'deployment-admin-key-0123456789';
export type ServiceName = 'accounts' | 'ingest' | 'pricing' | 'aggregation' | 'quota' | 'alerting';
const ALL: readonly ServiceName[] = ['accounts', 'ingest', 'pricing', 'aggregation', 'quota', 'alerting'];

/** What a producer sent and was told is recorded. */
export class Ledger {
  readonly ids = new Set<string>();
  tokens = 0;

  /** Tokens of an id: told by the id, so that a set of ids has a sum. */
  static tokensOf(id: string): number {
    return 1 + (Number(id.replace(/\D/g, '')) % 97);
  }

  record(ids: readonly string[]): void {
    for (const id of ids) {
      if (this.ids.has(id)) continue;
      this.ids.add(id);
      this.tokens += Ledger.tokensOf(id);
    }
  }
}

/** Every service as a process, on servers of its own where they can be damaged. */
export class RunningDeployment {
  readonly services = new Map<ServiceName, RunningService>();
  readonly postgres: pg.Pool;

  private constructor(
    readonly env: Record<string, string>,
    readonly nats: FreshNats,
    readonly clickhouse: FreshClickhouse,
    private readonly dropDatabase: () => Promise<void>,
  ) {
    this.postgres = new pg.Pool({ connectionString: env['DATABASE_URL'], max: 2 });
  }

  static async start(partitions: number): Promise<RunningDeployment> {
    const [nats, database, clickhouse] = await Promise.all([freshNats(), freshDatabase(), freshClickhouse()]);
    const env = {
      NATS_URL: nats.url,
      DATABASE_URL: database.url,
      CLICKHOUSE_URL: clickhouse.url,
      GENERATION: '1',
      PARTITIONS: String(partitions),
      AGGREGATION_SHARDS: '2',
      USAGE_ID_KEY: '000102030405060708090a0b0c0d0e0f',
      ADMIN_KEY,
      LEASE_TTL_MS: '1500',
      STREAM_MAX_BYTES: String(256 * 1024 ** 2),
      LEDGERLINE_HOME: '/nonexistent',
      INSTANCE_ID: 'test',
      PRICING_INDEX_DIR: mkdtempSync(join(tmpdir(), 'ledgerline-index-')),
    };
    const deployment = new RunningDeployment(env, nats, clickhouse, () => database.drop());
    await deployment.startServices();
    return deployment;
  }

  /** Starts those that do not run: accounts first, the others get their keys from it. */
  async startServices(names: readonly ServiceName[] = ALL): Promise<void> {
    const start = async (name: ServiceName): Promise<void> => void this.services.set(name, await startService(name, this.env, { readyTimeoutMs: 40_000 }));
    const missing = names.filter((name) => !this.services.has(name));
    if (missing.includes('accounts')) await start('accounts');
    await Promise.all(missing.filter((name) => name !== 'accounts').map(start));
  }

  async stopServices(names: readonly ServiceName[] = ALL): Promise<void> {
    await Promise.all(
      names.map(async (name) => {
        await this.services.get(name)?.stop();
        this.services.delete(name);
      }),
    );
  }

  url(name: ServiceName): string {
    return this.services.get(name)!.url;
  }

  /** Sends events and returns the ids that were acknowledged. */
  async send(ids: readonly string[], customer = 'acme'): Promise<string[]> {
    const events = ids.map((id, i) => ({
      id,
      customer_id: customer,
      provider: 'openai',
      model: i % 3 === 0 ? 'unheard-of' : 'gpt-4',
      usage: { input_tokens: Ledger.tokensOf(id) },
      occurred_at: '2026-01-31T12:00:00Z',
    }));
    const answer = await fetch(`${this.url('ingest')}/v1/events?backfill=true`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(events),
    });
    if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`);
    await answer.body?.cancel();
    return [...ids];
  }

  /** Runs the command line as a script does: nobody is there to be asked. */
  async cli(...args: string[]): Promise<{ code: number; output: string }> {
    let output = '';
    const say = (text: string): void => void (output += `${text}\n`);
    const code = await run(args, { ...processContext({ ...process.env, ...this.env }), print: say, complain: say });
    return { code, output };
  }

  /** Events and tokens in ClickHouse, and in the quota sums. */
  async totals(): Promise<{ rows: [number, number]; sums: [number, number] }> {
    const rows = (await this.clickhouse.query('SELECT count(), sum(input_tokens) FROM usage_events')).trim().split('\t').map(Number);
    const { rows: sums } = await this.postgres.query('select coalesce(sum(event_count), 0)::int as events, coalesce(sum(tokens), 0)::int as tokens from quota.usage_sums');
    return { rows: rows as [number, number], sums: [sums[0].events, sums[0].tokens] };
  }

  async end(): Promise<void> {
    await this.stopServices();
    await this.postgres.end();
    rmSync(this.env['PRICING_INDEX_DIR']!, { recursive: true, force: true });
    await Promise.all([this.nats.stop(), this.clickhouse.drop(), this.dropDatabase()]);
  }
}

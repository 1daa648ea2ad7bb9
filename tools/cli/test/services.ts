import pg from 'pg';
import { freshClickhouse, type FreshClickhouse, freshDatabase, freshNats, type RunningService, startService } from '@ledgerline/testing';
import { expect } from '@jest/globals';
import { type Context, processContext } from '../src/commands/context.js';
import { run } from '../src/program.js';

const ADMIN_KEY = 'services-admin-key-0123456789';
const SERVICES = ['accounts', 'ingest', 'pricing', 'aggregation', 'quota'] as const;
type ServiceName = (typeof SERVICES)[number];

/** What a command line ended with. */
export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** The services that meter, as processes of their own over servers of their own, and the command line on top of them. */
export class Services {
  private readonly ends: (() => Promise<unknown>)[] = [];
  readonly running = new Map<ServiceName, RunningService>();
  /** What the command line is run with. */
  env: Record<string, string> = {};
  clickhouse!: FreshClickhouse;
  postgres!: pg.Pool;

  async start(partitions: number): Promise<void> {
    const [nats, database, rows] = await Promise.all([freshNats(), freshDatabase(), freshClickhouse()]);
    this.clickhouse = rows;
    this.postgres = new pg.Pool({ connectionString: database.url, max: 1 });
    this.ends.push(() => nats.stop(), () => this.postgres.end(), () => database.drop(), () => rows.drop());
    this.env = {
      NATS_URL: nats.url,
      DATABASE_URL: database.url,
      CLICKHOUSE_URL: rows.url,
      GENERATION: '1',
      PARTITIONS: String(partitions),
      USAGE_ID_KEY: '000102030405060708090a0b0c0d0e0f',
      ADMIN_KEY,
      STREAM_MAX_BYTES: String(64 * 1024 * 1024),
      // No home: everything comes from the variables.
      LEDGERLINE_HOME: '/nonexistent',
      LEDGERLINE_ADMIN_KEY: ADMIN_KEY,
    };
    // Accounts first: the others ask it for the keys they know.
    const [accounts, ...others] = SERVICES;
    await this.startOne(accounts);
    await Promise.all(others.map((name) => this.startOne(name)));
    this.env.LEDGERLINE_URL = this.running.get('ingest')!.url;
  }

  private async startOne(name: ServiceName): Promise<void> {
    const service = await startService(name, this.env);
    this.running.set(name, service);
    this.ends.unshift(() => service.stop());
  }

  async stop(): Promise<void> {
    for (const end of this.ends) await end();
  }

  /** Records events; all must be accepted. @returns their usage_ids */
  async send(events: unknown[]): Promise<string[]> {
    const answer = await fetch(`${this.running.get('ingest')!.url}/v1/events?backfill=true`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(events),
    });
    const text = await answer.text();
    expect([answer.status, text]).toEqual([202, expect.any(String)]);
    return (JSON.parse(text) as { results: { usage_id: string }[] }).results.map(({ usage_id }) => usage_id);
  }

  /** Runs a command as the command line does. */
  async cli(args: readonly string[], env: NodeJS.ProcessEnv = {}, context: Partial<Context> = {}): Promise<Ended> {
    let output = '';
    const code = await run(args, { ...processContext({ ...this.env, ...env }), print: (text) => void (output += `${text}\n`), complain: () => undefined, ...context });
    return { code, output };
  }
}

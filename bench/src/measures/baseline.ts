import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { freePorts, removeCluster, startPostgres } from '@ledgerline/local-stack';
import { runLoad } from '../load-generator/run-load.js';

const SERVER = fileURLToPath(new URL('../baseline/server.js', import.meta.url));

export interface BaselineFigures {
  readonly eventsPerS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Runs the plain way alone on the machine: its own Postgres with the settings of the local stack, fsync on.
 *
 * @throws when Postgres does not hold exactly what was answered
 */
export async function measureBaseline({ warmupMs, forMs }: { warmupMs: number; forMs: number }): Promise<BaselineFigures> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ledgerline-baseline-'));
  const [postgresPort, port] = (await freePorts(2)) as [number, number];
  const postgres = await startPostgres({ dataDir, port: postgresPort, password: 'bench', maxConnections: 100 });
  const server = spawn(process.execPath, ['--enable-source-maps', SERVER], {
    env: { ...process.env, DATABASE_URL: postgres.url, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await Promise.race([once(server.stdout, 'data'), once(server, 'exit').then(([code]) => Promise.reject(new Error(`the baseline ended with ${code}`)))]);
    const job = { port, path: '/v1/events', key: 'none', batchSize: 1, customers: 1_000, connections: 64 };
    const warmup = await runLoad({ ...job, run: 'warmup', forMs: warmupMs });
    const report = await runLoad({ ...job, run: 'baseline', forMs });
    await mustHold(postgres.url, warmup.accepted + report.accepted);
    const seconds = (report.lastAnswerAtMs - report.firstByteAtMs) / 1000;
    return { eventsPerS: report.accepted / seconds, p50Ms: report.p50Ms, p99Ms: report.p99Ms };
  } finally {
    if (server.exitCode === null) {
      server.kill('SIGTERM');
      await once(server, 'exit');
    }
    await postgres.stop();
    removeCluster(dataDir);
  }
}

async function mustHold(databaseUrl: string, events: number): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ records: number; counted: number }>(
      'SELECT (SELECT count(*) FROM usage_records)::int AS records, (SELECT sum(events) FROM usage_counters)::int AS counted',
    );
    const { records, counted } = rows[0]!;
    if (records !== events || counted !== events) throw new Error(`the baseline answered ${events} events but holds ${records}, counted ${counted}`);
  } finally {
    await client.end();
  }
}

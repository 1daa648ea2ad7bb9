import { availableParallelism } from 'node:os';
import { Pool } from 'undici';
import { connectionOf } from '@ledgerline/clickhouse';
import { Latencies } from '../load-generator/latencies.js';
import { loadEvents } from '../reads/load-events.js';
import { type Read, readPlan } from '../reads/read-plan.js';
import { type BenchStack } from '../stack/bench-stack.js';
import { type Landing } from '../stack/landing.js';

/** Milliseconds. */
export interface ReadTimes {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** One kind of read beside the same SELECT straight at ClickHouse. */
export interface ReadFigures extends ReadTimes {
  readonly straight: ReadTimes;
  readonly reads: number;
  /** By what they ask. */
  readonly shapes: Readonly<Record<string, ReadTimes>>;
}

export interface ReadsFigures {
  /** Rows that were stored. */
  readonly rows: number;
  readonly clients: number;
  readonly byId: ReadFigures;
  readonly summary: ReadFigures;
  readonly list: ReadFigures;
  /** A request that reads nothing, of the same service. */
  readonly healthz: ReadTimes;
}

/** As many as there are cores, which the servers and these clients share: with more, the queue before the cores is what is measured. */
const CLIENTS = availableParallelism();
const CUSTOMERS = 1_000;
const READS = { byId: 2_000, summary: 600, list: 800 };
const WARMUP = 0.1;

type Ask = (read: Read) => Promise<void>;

/**
 * Fills the stack and reads it with a few clients at once, each asking again as soon as it is answered; the first tenth of each kind is
 * warm-up and is not counted.
 *
 * @throws when a read is answered with anything but 200
 */
export async function measureReads(stack: BenchStack, landing: Landing, events: number, say: (line: string) => void): Promise<ReadsFigures> {
  const rows = await loadEvents(stack, landing, events, say);
  const plan = await readPlan(landing, CUSTOMERS, READS);
  const api = new Pool(`http://127.0.0.1:${stack.ports['read-api']}`, { connections: CLIENTS });
  const { url, username, password, database } = connectionOf(stack.clickhouseUrl);
  const store = new Pool(url, { connections: CLIENTS });
  const ask: Ask = ({ path }) => answered(api, { method: 'GET', path, headers: { authorization: `Bearer ${stack.adminKey}` } });
  const select: Ask = ({ sql }) => answered(store, { method: 'POST', path: `/?${new URLSearchParams({ database, default_format: 'JSONEachRow' })}`, body: sql, headers: { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password } });
  const both = async (name: string, reads: readonly Read[]): Promise<ReadFigures> => {
    say(`reads: ${name}`);
    const { all, shapes } = await timed(reads, ask);
    const { all: straight } = await timed(reads, select);
    return { ...timesOf(all), straight: timesOf(straight), reads: all.size, shapes: Object.fromEntries([...shapes].map(([shape, latencies]) => [shape, timesOf(latencies)])) };
  };
  try {
    const healthz = await timed(plan.byId.map((read) => ({ ...read, path: '/healthz' })), ask);
    return { rows, clients: CLIENTS, byId: await both('by id', plan.byId), summary: await both("a customer's month", plan.summary), list: await both('filtered pages', plan.list), healthz: timesOf(healthz.all) };
  } finally {
    await Promise.all([api.close(), store.close()]);
  }
}

async function timed(reads: readonly Read[], ask: Ask): Promise<{ all: Latencies; shapes: Map<string, Latencies> }> {
  const all = new Latencies();
  const shapes = new Map<string, Latencies>();
  const warm = Math.ceil(reads.length * WARMUP);
  let next = 0;
  const client = async (): Promise<void> => {
    for (let n = next++; n < reads.length; n = next++) {
      const read = reads[n]!;
      const askedMs = performance.now();
      await ask(read);
      if (n < warm) continue;
      const ms = performance.now() - askedMs;
      all.add(ms);
      let shape = shapes.get(read.shape);
      if (shape === undefined) shapes.set(read.shape, (shape = new Latencies()));
      shape.add(ms);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return { all, shapes };
}

async function answered(pool: Pool, request: Parameters<Pool['request']>[0]): Promise<void> {
  const answer = await pool.request(request);
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`${request.path} was answered ${answer.statusCode}: ${text.slice(0, 500)}`);
}

const timesOf = (latencies: Latencies): ReadTimes => ({ p50Ms: latencies.percentile(0.5), p99Ms: latencies.percentile(0.99) });

import { setTimeout as sleep } from 'node:timers/promises';
import { selectRows } from '@ledgerline/clickhouse';
import { Latencies } from '../load-generator/latencies.js';
import { startLoad } from '../load-generator/run-load.js';
import { type BenchStack } from '../stack/bench-stack.js';
import { type Landing } from '../stack/landing.js';
import { pipelineJob } from './pipeline.js';

export interface FreshnessFigures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The slower of the two, for each end alone. */
  readonly clickhouseP99Ms: number;
  readonly quotaP99Ms: number;
  readonly probes: number;
  readonly atEventsPerS: number;
}

interface Probe {
  readonly customer: string;
  readonly answeredMs: number;
  rowMs?: number;
  countedMs?: number;
}

const PROBES_PER_SECOND = 10;
const LOOK_EVERY_MS = 10;
const LATE_MS = 30_000;

/**
 * With a steady load of batches in the background, sends single events now and then, each of a customer of its own,
 * and looks at both ends until it is there. Counted from the POST's answer; the looking itself is part of the figure.
 */
export async function measureFreshness(stack: BenchStack, landing: Landing, { eventsPerS, forMs }: { eventsPerS: number; forMs: number }): Promise<FreshnessFigures> {
  const before = await landing.rows();
  const count = Math.floor((forMs / 1000) * PROBES_PER_SECOND);
  const customers = Array.from({ length: count }, (_, i) => `probe-${String(i).padStart(5, '0')}`);
  // Each customer is known before it is timed: making one is another path than counting for one.
  await post(stack, customers.map((customer) => probeEvent(customer, 'known')));
  await landing.untilLanded(before + count);

  const load = startLoad(pipelineJob(stack, { run: 'freshness', rate: eventsPerS, forMs: forMs + 2_000, connections: 16 }));
  await sleep(1_000);
  const pending = new Set<Probe>();
  const done: Probe[] = [];
  let sending = true;
  const watchers = [watch(pending, done, () => sending, 'rowMs', (names) => rowsOf(landing, names)), watch(pending, done, () => sending, 'countedMs', (names) => countedOf(landing, names))];
  for (const customer of customers) {
    const next = sleep(1000 / PROBES_PER_SECOND);
    await post(stack, [probeEvent(customer, 'timed')]);
    pending.add({ customer, answeredMs: performance.now() });
    await next;
  }
  sending = false;
  const report = await load.report;
  await Promise.all(watchers);
  await landing.untilLanded(before + 2 * count + report.accepted);
  return figuresOf(done, eventsPerS);
}

/** Looks again and again at one end for the probes that are not there yet; removes those seen at both. */
async function watch(pending: Set<Probe>, done: Probe[], sending: () => boolean, field: 'rowMs' | 'countedMs', seen: (customers: string[]) => Promise<Set<string>>): Promise<void> {
  for (;;) {
    const waiting = [...pending].filter((probe) => probe[field] === undefined);
    if (waiting.length === 0 && !sending()) return;
    if (waiting.length > 0) {
      const there = await seen(waiting.map(({ customer }) => customer));
      const nowMs = performance.now();
      for (const probe of waiting) {
        if (there.has(probe.customer)) probe[field] = nowMs;
        else if (nowMs - probe.answeredMs > LATE_MS) throw new Error(`${probe.customer} is not visible after ${LATE_MS} ms`);
        if (probe.rowMs === undefined || probe.countedMs === undefined || !pending.delete(probe)) continue;
        done.push(probe);
      }
    }
    await sleep(LOOK_EVERY_MS);
  }
}

async function rowsOf({ clickhouse }: Landing, customers: string[]): Promise<Set<string>> {
  const rows = await selectRows<{ customer_id: string }>(
    clickhouse,
    'SELECT customer_id FROM usage_events WHERE customer_id IN {customers:Array(String)} GROUP BY customer_id HAVING count() >= 2',
    { customers },
  );
  return new Set(rows.map(({ customer_id }) => customer_id));
}

async function countedOf({ postgres }: Landing, customers: string[]): Promise<Set<string>> {
  const { rows } = await postgres.query<{ customer_id: string }>('SELECT customer_id FROM quota.published_sums WHERE customer_id = ANY($1) AND event_count >= 2', [customers]);
  return new Set(rows.map(({ customer_id }) => customer_id));
}

const probeEvent = (customer: string, id: string) => ({ id, source: 'probe', customer_id: customer, provider: 'openai', model: 'gpt-4', usage: { input_tokens: 1, output_tokens: 1 } });

async function post(stack: BenchStack, events: unknown[]): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${stack.ports.ingest}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stack.adminKey}`, 'content-type': 'application/json', prefer: 'return=minimal' },
    body: JSON.stringify(events),
  });
  const text = await answer.text();
  if (answer.status !== 202) throw new Error(`a probe was answered ${answer.status}: ${text}`);
}

function figuresOf(probes: readonly Probe[], atEventsPerS: number): FreshnessFigures {
  const [both, rows, counted] = [new Latencies(), new Latencies(), new Latencies()];
  for (const { answeredMs, rowMs, countedMs } of probes) {
    rows.add(rowMs! - answeredMs);
    counted.add(countedMs! - answeredMs);
    both.add(Math.max(rowMs!, countedMs!) - answeredMs);
  }
  return { p50Ms: both.percentile(0.5), p99Ms: both.percentile(0.99), clickhouseP99Ms: rows.percentile(0.99), quotaP99Ms: counted.percentile(0.99), probes: both.size, atEventsPerS };
}

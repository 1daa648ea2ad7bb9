import { setTimeout as sleep } from 'node:timers/promises';
import { selectRows } from '@ledgerline/clickhouse';
import { runLoad } from '../load-generator/run-load.js';
import { pipelineJob } from '../measures/pipeline.js';
import { type BenchStack } from '../stack/bench-stack.js';
import { type Landing } from '../stack/landing.js';

/** So many go through the pipeline; the rest are copies of them. */
const THROUGH_PIPELINE = 500_000;
const CORRECTED = 300;
const MERGES_MS = 180_000;
export const DAYS = 30;
const SPREAD_US = DAYS * 86_400_000_000;

/**
 * Fills a stack with events. The first half million go in at the front door, and some of them are voided there. The rest are copies that ClickHouse makes of
 * their rows, each with an id and a time of its own within the last 30 days: the same tables with the same projection and indexes, in a
 * tenth of the time. Nothing but reads may be measured on such a stack.
 *
 * @returns how many rows there are
 */
export async function loadEvents(stack: BenchStack, landing: Landing, events: number, say: (line: string) => void): Promise<number> {
  const first = Math.min(events, THROUGH_PIPELINE);
  const before = await landing.rows();
  const report = await runLoad(pipelineJob(stack, { run: 'reads', events: first }));
  await landing.untilLanded(before + report.accepted);
  await voidSome(stack, landing);
  for (let stored = report.accepted, copy = 1; stored < events; copy++) {
    const some = Math.min(report.accepted, events - stored);
    say(`copies: ${stored} of ${events} events`);
    await landing.clickhouse.command({ query: copySQL(copy, some) });
    stored += some;
  }
  say('until merges are done');
  await untilMerged(landing);
  return landing.rows();
}

/** Copies name no place in the log: generation 0. */
const copySQL = (copy: number, rows: number): string => `INSERT INTO usage_events SELECT * REPLACE (
  generateUUIDv4() AS usage_id, concat(id, '-copy-${copy}') AS id, 0 AS source_generation, occurred_at - toIntervalMicrosecond(rand64() % ${SPREAD_US}) AS occurred_at)
FROM (SELECT * FROM usage_events WHERE source_generation > 0 AND kind = 'recorded' LIMIT ${rows})`;

async function voidSome(stack: BenchStack, landing: Landing): Promise<void> {
  const rows = await selectRows<{ id: string }>(landing.clickhouse, `SELECT toString(usage_id) AS id FROM usage_events ORDER BY cityHash64(usage_id) LIMIT ${CORRECTED}`);
  const stored = await landing.rows();
  for (const { id } of rows) {
    const answer = await fetch(`http://127.0.0.1:${stack.ports.ingest}/v1/events/${id}/corrections`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stack.adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'void', id: `void-${id}`, reason: 'part of the benchmark' }),
    });
    const text = await answer.text();
    if (answer.status !== 202) throw new Error(`a correction was answered ${answer.status}: ${text}`);
  }
  const giveUpAt = performance.now() + 30_000;
  while ((await landing.rows()) < stored + rows.length) {
    if (performance.now() > giveUpAt) throw new Error('corrections are not visible after 30 s');
    await sleep(50);
  }
}

/** Reads are measured at rest, as most of the time; bounded, because small merges may go on for ever. */
async function untilMerged(landing: Landing): Promise<void> {
  const giveUpAt = performance.now() + MERGES_MS;
  for (let quiet = 0; quiet < 10 && performance.now() < giveUpAt; await sleep(200)) {
    const [row] = await selectRows<{ n: string }>(landing.clickhouse, "SELECT count() AS n FROM system.merges WHERE database = currentDatabase() AND table = 'usage_events'");
    quiet = row!.n === '0' ? quiet + 1 : 0;
  }
}

import { startLoad, runLoad } from '../load-generator/run-load.js';
import { type LoadJob, type LoadReport } from '../load-generator/job.js';
import { type BenchStack } from '../stack/bench-stack.js';
import { type Landing } from '../stack/landing.js';
import { type ProcessUsage, processUsage } from '../stack/process-usage.js';

export interface PipelineFigures {
  readonly events: number;
  readonly seconds: number;
  readonly eventsPerS: number;
  /** Until every POST was answered: what ingest alone took. */
  readonly acceptedPerS: number;
  readonly batchP50Ms: number;
  readonly batchP99Ms: number;
  readonly retries: number;
  /** CPU microseconds by part, for each event. */
  readonly cpuUsPerEvent: Record<string, number>;
}

export interface PipelinePlan {
  readonly warmupMs: number;
  /** At least so many events ... */
  readonly minEvents: number;
  /** ... and at least so long, judged by the warm-up's rate. */
  readonly minSeconds: number;
  readonly connections: number;
}

const BATCH = 500;
const CUSTOMERS = 1_000;

/** A load on the pipeline's front door (or the edge before it). */
export const pipelineJob = (stack: BenchStack, more: Partial<LoadJob> & { run: string }): LoadJob => ({
  port: stack.ports.ingest!,
  path: '/v1/events',
  key: stack.adminKey,
  batchSize: BATCH,
  customers: CUSTOMERS,
  connections: 16,
  ...more,
});

/**
 * Sends distinct events in batches after a warm-up; measured from the first byte sent until the last event is a row
 * in ClickHouse and part of the quota sums.
 *
 * @throws when what landed is not exactly what was sent, or an event has no price
 */
export async function measurePipeline(stack: BenchStack, landing: Landing, plan: PipelinePlan): Promise<PipelineFigures> {
  const before = await landing.all();
  const warmup = await runLoad(pipelineJob(stack, { run: 'warmup', forMs: plan.warmupMs, connections: plan.connections }));
  const warm = await landing.untilLanded(before.rows + warmup.accepted);
  const rate = warmup.accepted / ((Math.max(warm.rowsAtMs, warm.countedAtMs) - warmup.firstByteAtMs) / 1000);
  const events = Math.ceil(Math.max(plan.minEvents, rate * plan.minSeconds * 1.25) / BATCH) * BATCH;

  const start = await landing.all();
  const cpuBefore = processUsage(stack.processes());
  const load = startLoad(pipelineJob(stack, { run: 'pipeline', events, connections: plan.connections }));
  const report = await load.report;
  const landed = await landing.untilLanded(start.rows + report.accepted);
  const cpuAfter = processUsage(stack.processes());
  await mustHaveLanded(landing, start, report);

  const lastMs = Math.max(landed.rowsAtMs, landed.countedAtMs);
  const seconds = (lastMs - report.firstByteAtMs) / 1000;
  return {
    events: report.accepted,
    seconds,
    eventsPerS: report.accepted / seconds,
    acceptedPerS: report.accepted / ((report.lastAnswerAtMs - report.firstByteAtMs) / 1000),
    batchP50Ms: report.p50Ms,
    batchP99Ms: report.p99Ms,
    retries: report.retries,
    cpuUsPerEvent: { ...cpuPerEvent(cpuBefore, cpuAfter, report.accepted), 'load-generator': (report.cpuMs * 1000) / report.accepted },
  };
}

async function mustHaveLanded(landing: Landing, before: Awaited<ReturnType<Landing['all']>>, report: LoadReport): Promise<void> {
  const after = await landing.all();
  const sums = { rows: after.rows - before.rows, counted: after.counted - before.counted, inputTokens: after.inputTokens - before.inputTokens, outputTokens: after.outputTokens - before.outputTokens, unpriced: after.unpriced };
  const expected = { rows: report.accepted, counted: report.accepted, inputTokens: report.inputTokens, outputTokens: report.outputTokens, unpriced: 0 };
  if (JSON.stringify(sums) !== JSON.stringify(expected)) throw new Error(`sent ${JSON.stringify(expected)}, landed ${JSON.stringify(sums)}`);
}

export function cpuPerEvent(before: Record<string, ProcessUsage>, after: Record<string, ProcessUsage>, events: number): Record<string, number> {
  return Object.fromEntries(Object.entries(after).map(([name, { cpuMs }]) => [name, ((cpuMs - (before[name]?.cpuMs ?? 0)) * 1000) / events]));
}

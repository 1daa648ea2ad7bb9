import { runLoad } from '../load-generator/run-load.js';
import { type BenchStack } from '../stack/bench-stack.js';
import { type Landing } from '../stack/landing.js';
import { pipelineJob } from './pipeline.js';

export interface SingleFigures {
  readonly eventsPerS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** One event a request over 64 connections, each answered when it is durable. @throws when one does not land */
export async function measureSingle(stack: BenchStack, landing: Landing, { warmupMs, forMs }: { warmupMs: number; forMs: number }): Promise<SingleFigures> {
  const before = await landing.rows();
  const job = { batchSize: 1, connections: 64 };
  const warmup = await runLoad(pipelineJob(stack, { ...job, run: 'single-warmup', forMs: warmupMs }));
  const report = await runLoad(pipelineJob(stack, { ...job, run: 'single', forMs }));
  await landing.untilLanded(before + warmup.accepted + report.accepted);
  const seconds = (report.lastAnswerAtMs - report.firstByteAtMs) / 1000;
  return { eventsPerS: report.accepted / seconds, p50Ms: report.p50Ms, p99Ms: report.p99Ms };
}

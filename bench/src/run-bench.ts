import { measureBaseline } from './measures/baseline.js';
import { measureClickhouseJson } from './measures/clickhouse-json.js';
import { measureEdge } from './measures/edge.js';
import { measureFreshness } from './measures/freshness.js';
import { measureJetstream } from './measures/jetstream.js';
import { measurePipeline } from './measures/pipeline.js';
import { measureReads, type ReadsFigures } from './measures/reads.js';
import { measureSingle } from './measures/single.js';
import { type BenchPlan } from './plan.js';
import { type Measured } from './report/figures.js';
import { describeMachine } from './report/machine.js';
import { startBenchStack } from './stack/bench-stack.js';
import { Landing } from './stack/landing.js';
import { type ProcessUsage, processUsage } from './stack/process-usage.js';

/**
 * Measures one thing after the other: the baseline alone, then everything on one stack, which is stopped in the end.
 *
 * @param say is told what is being done
 */
export async function runBench(plan: BenchPlan, say: (line: string) => void): Promise<Measured> {
  say('baseline: one INSERT and one upsert per request');
  const baseline = await measureBaseline(plan.baseline);
  say('starting the stack');
  const stack = await startBenchStack();
  const landing = new Landing(stack);
  try {
    const machine = await describeMachine(stack, landing);
    say('pipeline: batches of 500, until the last is a row and counted');
    const pipeline = await measurePipeline(stack, landing, plan.pipeline);
    say('pipeline through the edge');
    const edgeEventsPerS = await measureEdge(stack, landing, plan.edge);
    say('single events');
    const single = await measureSingle(stack, landing, plan.single);
    say("freshness at half the pipeline's rate");
    const freshness = await measureFreshness(stack, landing, { ...plan.freshness, eventsPerS: pipeline.eventsPerS / 2 });
    const memory = processUsage(stack.processes());
    say('bare loop: JSON rows into ClickHouse');
    const clickhouseJsonRowsPerS = await measureClickhouseJson(landing, stack.clickhouseUrl, plan.clickhouseJson);
    say('bare loop: envelopes into JetStream');
    const jetstream = await measureJetstream(stack, plan.jetstream);
    return {
      short: plan.short,
      machine,
      baseline,
      pipeline,
      edgeEventsPerS,
      single,
      freshness,
      clickhouseJsonRowsPerS,
      jetstream,
      rssMb: byPart(memory, ({ rssMb }) => rssMb),
      pssMb: byPart(memory, ({ pssMb }) => pssMb),
    };
  } finally {
    await landing.close();
    say('stopping the stack');
    await stack.stop();
  }
}

/** Measures reads on a stack of their own, which holds so many events. */
export async function runReads(events: number, say: (line: string) => void): Promise<ReadsFigures> {
  say(`reads: a stack with ${events} events`);
  const stack = await startBenchStack();
  const landing = new Landing(stack);
  try {
    return await measureReads(stack, landing, events, say);
  } finally {
    await landing.close();
    say('stopping the stack');
    await stack.stop();
  }
}

const byPart = (usage: Record<string, ProcessUsage>, pick: (usage: ProcessUsage) => number): Record<string, number> =>
  Object.fromEntries(Object.entries(usage).map(([name, value]) => [name, pick(value)]));

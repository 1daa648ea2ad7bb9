import { runLoad } from '../load-generator/run-load.js';
import { type BenchStack } from '../stack/bench-stack.js';
import { type Landing } from '../stack/landing.js';
import { pipelineJob } from './pipeline.js';

/** The same batches through the local edge, which stands in for an ingress: events per second until all have landed. */
export async function measureEdge(stack: BenchStack, landing: Landing, { forMs }: { forMs: number }): Promise<number> {
  const before = await landing.rows();
  const report = await runLoad(pipelineJob(stack, { run: 'edge', port: stack.ports.edge!, forMs }));
  const { rowsAtMs, countedAtMs } = await landing.untilLanded(before + report.accepted);
  return report.accepted / ((Math.max(rowsAtMs, countedAtMs) - report.firstByteAtMs) / 1000);
}

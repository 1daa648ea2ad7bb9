import { type Meter } from '@ledgerline/telemetry';
import { performance } from 'node:perf_hooks';

/** Memory, CPU and how busy the event loop is, read only when scraped. */
export function registerProcessMetrics(meter: Meter): void {
  let lastLoop = performance.eventLoopUtilization();
  meter
    .createObservableGauge('process_resident_memory_bytes', { description: 'Resident memory' })
    .addCallback((result) => result.observe(process.memoryUsage.rss()));
  meter
    .createObservableCounter('process_cpu_seconds', { description: 'User and system CPU time' })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe((user + system) / 1e6);
    });
  meter
    .createObservableGauge('nodejs_eventloop_utilization', { description: 'Busy share of the event loop since the last scrape, 0..1' })
    .addCallback((result) => {
      const loop = performance.eventLoopUtilization();
      result.observe(performance.eventLoopUtilization(loop, lastLoop).utilization);
      lastLoop = loop;
    });
}

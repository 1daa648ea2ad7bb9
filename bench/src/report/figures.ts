import { type BaselineFigures } from '../measures/baseline.js';
import { type FreshnessFigures } from '../measures/freshness.js';
import { type JetstreamFigures } from '../measures/jetstream.js';
import { type PipelineFigures } from '../measures/pipeline.js';
import { type ReadsFigures } from '../measures/reads.js';
import { type SingleFigures } from '../measures/single.js';
import { type Machine } from './machine.js';
import { readsJson } from './reads-table.js';

/** Everything one run measured. */
export interface Measured {
  readonly short: boolean;
  readonly machine: Machine;
  readonly baseline: BaselineFigures;
  readonly pipeline: PipelineFigures;
  readonly edgeEventsPerS: number;
  readonly single: SingleFigures;
  readonly freshness: FreshnessFigures;
  readonly clickhouseJsonRowsPerS: number;
  readonly jetstream: JetstreamFigures;
  readonly rssMb: Record<string, number>;
  readonly pssMb: Record<string, number>;
  /** Only when they were asked for. */
  readonly reads?: ReadsFigures;
}

const round = (value: number, digits = 0): number => Number(value.toFixed(digits));
const total = (byPart: Record<string, number>): number => Object.values(byPart).reduce((sum, value) => sum + value, 0);
const rounded = (byPart: Record<string, number>, digits: number): Record<string, number> =>
  Object.fromEntries([...Object.entries(byPart).sort(([, a], [, b]) => b - a), ['total', total(byPart)]].map(([name, value]) => [name, round(value as number, digits)]));

/** The content of bench/latest.json. */
export function latestJson(measured: Measured): Record<string, unknown> {
  const { baseline, pipeline, single, freshness, jetstream } = measured;
  return {
    baseline_events_per_s: round(baseline.eventsPerS),
    baseline_p99_ms: round(baseline.p99Ms, 1),
    clickhouse_json_rows_per_s: round(measured.clickhouseJsonRowsPerS),
    jetstream_mb_per_s: round(jetstream.mbPerS, 1),
    jetstream_messages_per_s: round(jetstream.messagesPerS),
    jetstream_mean_message_kb: round(jetstream.meanMessageKb, 1),
    pipeline_events_per_s: round(pipeline.eventsPerS),
    pipeline_events: pipeline.events,
    pipeline_seconds: round(pipeline.seconds, 2),
    pipeline_accepted_per_s: round(pipeline.acceptedPerS),
    pipeline_batch_p50_ms: round(pipeline.batchP50Ms, 1),
    pipeline_batch_p99_ms: round(pipeline.batchP99Ms, 1),
    pipeline_retries: pipeline.retries,
    pipeline_edge_events_per_s: round(measured.edgeEventsPerS),
    pipeline_over_baseline: round(pipeline.eventsPerS / baseline.eventsPerS, 1),
    pipeline_over_clickhouse_json: round(pipeline.eventsPerS / measured.clickhouseJsonRowsPerS, 2),
    single_events_per_s: round(single.eventsPerS),
    single_p50_ms: round(single.p50Ms, 1),
    single_p99_ms: round(single.p99Ms, 1),
    single_over_baseline: round(single.eventsPerS / baseline.eventsPerS, 1),
    freshness_p50_ms: round(freshness.p50Ms),
    freshness_p99_ms: round(freshness.p99Ms),
    freshness_clickhouse_p99_ms: round(freshness.clickhouseP99Ms),
    freshness_quota_p99_ms: round(freshness.quotaP99Ms),
    freshness_at_events_per_s: round(freshness.atEventsPerS),
    freshness_probes: freshness.probes,
    cpu_us_per_event: rounded(pipeline.cpuUsPerEvent, 2),
    rss_mb: rounded(measured.rssMb, 0),
    pss_mb: rounded(measured.pssMb, 0),
    ...(measured.reads ? readsJson(measured.reads) : {}),
    short: measured.short,
    machine: measured.machine,
  };
}

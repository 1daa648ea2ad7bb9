import Table from 'cli-table3';
import { type Measured } from './figures.js';
import { readsTable } from './reads-table.js';

const number = (value: number, digits = 0): string => value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Each figure beside what it is compared with, and the aim; then CPU and memory by part. */
export function tables(measured: Measured): string {
  return [machineLine(measured), figures(measured), parts(measured), ...(measured.reads ? [readsTable(measured.reads)] : [])].join('\n');
}

function machineLine({ machine, short, pipeline }: Measured): string {
  const { cpu, cores, memoryGb, node, nats, postgres, clickhouse, commit } = machine;
  return (
    `${cores} x ${cpu}, ${memoryGb} GB; Node ${node}, NATS ${nats}, Postgres ${postgres}, ClickHouse ${clickhouse}; ${commit ?? 'no commit'}\n` +
    `${number(pipeline.events)} events in ${number(pipeline.seconds, 1)} s, the load generator on the same cores${short ? ' (short run: indicative only)' : ''}`
  );
}

function figures(measured: Measured): string {
  const { baseline, pipeline, single, freshness, jetstream, clickhouseJsonRowsPerS: json } = measured;
  const times = (value: number, by: number, digits = 1): string => `${number(value / by, digits)} x`;
  const totalPss = Object.values(measured.pssMb).reduce((sum, value) => sum + value, 0);
  const rows = [
    ['baseline_events_per_s', number(baseline.eventsPerS), '', '', ''],
    ['clickhouse_json_rows_per_s', number(json), '', '', ''],
    ['jetstream_mb_per_s', number(jetstream.mbPerS), '', '', ''],
    ['pipeline_events_per_s', number(pipeline.eventsPerS), times(pipeline.eventsPerS, baseline.eventsPerS), times(pipeline.eventsPerS, json, 2), '25 x baseline, 0.6 x ClickHouse'],
    ['  through the edge', number(measured.edgeEventsPerS), times(measured.edgeEventsPerS, baseline.eventsPerS), times(measured.edgeEventsPerS, json, 2), ''],
    ['single_events_per_s', number(single.eventsPerS), times(single.eventsPerS, baseline.eventsPerS), '', '4 x baseline'],
    ['single_p99_ms', number(single.p99Ms, 1), `${number(baseline.p99Ms, 1)} ms`, '', ''],
    ['freshness_p50_ms', number(freshness.p50Ms), '', '', ''],
    ['freshness_p99_ms', number(freshness.p99Ms), '', '', '1,000 ms'],
    ['memory of the stack, MB', number(totalPss), '', '', '1,500 MB'],
  ];
  return render(['figure', 'measured', 'to baseline', 'to ClickHouse JSON', 'aim'], rows);
}

function parts({ pipeline, rssMb, pssMb }: Measured): string {
  const names = Object.keys(pipeline.cpuUsPerEvent).sort((a, b) => pipeline.cpuUsPerEvent[b]! - pipeline.cpuUsPerEvent[a]!);
  const sum = (byPart: Record<string, number>): number => Object.values(byPart).reduce((all, value) => all + value, 0);
  const rows = names.map((name) => [name, number(pipeline.cpuUsPerEvent[name]!, 2), rssMb[name] === undefined ? '' : number(rssMb[name]!), pssMb[name] === undefined ? '' : number(pssMb[name]!)]);
  return render(['part', 'cpu_us_per_event', 'rss_mb', 'pss_mb'], [...rows, ['total', number(sum(pipeline.cpuUsPerEvent), 2), number(sum(rssMb)), number(sum(pssMb))]]);
}

function render(head: string[], rows: string[][]): string {
  const table = new Table({ head, colAligns: head.map((_, index) => (index === 0 || head[index] === 'aim' ? 'left' : 'right')), style: { head: [], border: [], compact: true } });
  table.push(...rows);
  return table.toString();
}

import Table from 'cli-table3';
import { type ReadFigures, type ReadsFigures } from '../measures/reads.js';

const round = (value: number): number => Number(value.toFixed(1));

/** The figures of reads in bench/latest.json. */
export function readsJson({ rows, clients, byId, summary, list, healthz }: ReadsFigures): Record<string, unknown> {
  const of = (name: string, figures: ReadFigures) => ({
    [`${name}_p50_ms`]: round(figures.p50Ms),
    [`${name}_p99_ms`]: round(figures.p99Ms),
    [`${name}_clickhouse_p50_ms`]: round(figures.straight.p50Ms),
    [`${name}_clickhouse_p99_ms`]: round(figures.straight.p99Ms),
  });
  return {
    reads_stored_rows: rows,
    reads_clients: clients,
    ...of('get_by_id', byId),
    ...of('summary', summary),
    ...of('list', list),
    healthz_p50_ms: round(healthz.p50Ms),
    healthz_p99_ms: round(healthz.p99Ms),
    list_p99_ms_by_filter: Object.fromEntries(Object.entries(list.shapes).map(([shape, { p99Ms }]) => [shape, round(p99Ms)])),
  };
}

/** Each kind of read beside the same SELECT straight at ClickHouse, and the aim; lists also by their filters. */
export function readsTable(figures: ReadsFigures): string {
  const { rows, clients, byId, summary, list, healthz } = figures;
  const ms = (value: number): string => value.toFixed(1);
  const table = new Table({ head: ['figure', 'p50 ms', 'p99 ms', 'ClickHouse p50', 'ClickHouse p99', 'aim p99'], colAligns: ['left', 'right', 'right', 'right', 'right', 'right'], style: { head: [], border: [], compact: true } });
  const row = (name: string, { p50Ms, p99Ms, straight }: ReadFigures, aim: string) => table.push([name, ms(p50Ms), ms(p99Ms), ms(straight.p50Ms), ms(straight.p99Ms), aim]);
  row('get_by_id', byId, '50');
  row('summary, a month of a customer', summary, '100');
  row('list, a filtered page', list, '150');
  for (const [shape, { p50Ms, p99Ms }] of Object.entries(list.shapes)) table.push([`  ${shape}`, ms(p50Ms), ms(p99Ms), '', '', '']);
  table.push(['healthz, which reads nothing', ms(healthz.p50Ms), ms(healthz.p99Ms), '', '', '']);
  return `${rows.toLocaleString('en-US')} rows stored, ${clients} clients at once\n${table.toString()}`;
}

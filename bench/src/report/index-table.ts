import { cpus, totalmem } from 'node:os';
import Table from 'cli-table3';
import { type IndexFigures } from '../measures/idempotency-index.js';
import { type SqliteFigures } from '../measures/sqlite-identities.js';

const number = (value: number, digits = 0): string => value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** The figures of the idempotency index beside their aims and beside SQLite. */
export function indexTable(index: IndexFigures, sqlite: SqliteFigures): string {
  const table = new Table({ head: ['figure', 'measured', 'aim for 100 million', 'SQLite'], colAligns: ['left', 'right', 'left', 'right'], style: { head: [], border: [], compact: true } });
  table.push(
    ['identities', number(index.identities), '', number(sqlite.identities)],
    ['events, a fifth of them duplicates', number(index.events), '', ''],
    ['cpu_us_per_event, flushes and merges included', number(index.cpuUs, 2), '3', number(sqlite.cpuUs, 2)],
    ['  making an event, not included', number(index.trafficUs, 2), '', ''],
    ['  a duplicate of any age', number(index.duplicateUs, 2), '', ''],
    ['  a new identity, in memory', number(index.newUs, 2), '', ''],
    ['longest message of 256 events, ms', number(index.longestMessageMs, 1), '', ''],
    ['rss_peak_mb, all of the process', number(index.peakRssBytes / 1e6), '1,000', ''],
    ['disk_mb', number(index.diskBytes / 1e6), '6,000', ''],
    ['disk_peak_mb', number(index.peakDiskBytes / 1e6), '', ''],
    ['  bytes an identity', number(index.diskBytes / index.identities, 1), '60', number(sqlite.bytesAnIdentity, 1)],
    ['reopen_ms', number(index.reopenMs), 'seconds', ''],
    ['seconds', number(index.seconds), '', ''],
  );
  return `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 1024 ** 3)} GB; Node ${process.versions.node}; ${new Date().toISOString()}\n${table.toString()}`;
}

import { mkdtemp, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IdentityTraffic } from '../identities/identity-traffic.js';
import { cpuUs, folderBytes } from '../identities/own-usage.js';

export interface SqliteFigures {
  readonly identities: number;
  /** CPU for each identity, the making of events taken off, microseconds */
  readonly cpuUs: number;
  readonly bytesAnIdentity: number;
}

const A_TRANSACTION = 8_192;

/** What a library does for the same: SQLite in this process, a table by usage_id with the same columns, one transaction for each cover. */
export async function measureSqlite(identities: number): Promise<SqliteFigures> {
  const directory = await mkdtemp(join(tmpdir(), 'ledgerline-bench-sqlite-'));
  try {
    const database = new DatabaseSync(join(directory, 'identities.db'));
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -200000');
    database.exec(
      'CREATE TABLE identities (usage_id BLOB PRIMARY KEY, customer TEXT, source TEXT, id TEXT, fingerprint BLOB, sequence INTEGER, row INTEGER, recorded_at INTEGER) WITHOUT ROWID',
    );
    const insert = database.prepare('INSERT OR IGNORE INTO identities VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    const traffic = new IdentityTraffic();
    const fingerprint = new Uint8Array(8);
    const run = (from: number, to: number, insertThem: boolean): number => {
      const before = cpuUs();
      if (insertThem) database.exec('BEGIN');
      for (let number = from; number < to; number++) {
        const { usageIds, customer, source, id, sequence, row } = traffic.set(number, number, number);
        if (insertThem && insert.run(usageIds, customer, source, id, fingerprint, sequence, row, number).changes !== 1) throw new Error(`identity ${number} was there`);
      }
      if (insertThem) database.exec('COMMIT');
      return cpuUs() - before;
    };
    let cpu = 0;
    for (let from = 0; from < identities; from += A_TRANSACTION) {
      const to = Math.min(identities, from + A_TRANSACTION);
      cpu -= run(from, to, false);
      cpu += run(from, to, true);
    }
    database.close();
    return { identities, cpuUs: cpu / identities, bytesAnIdentity: (await folderBytes(directory)) / identities };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

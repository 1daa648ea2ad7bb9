import { type BoundSql, type Unpaged } from '../application/bound-sql.js';
import { HoursNotKeptError, type SealedMonth, SEALED_MONTHS_SQL, tooFineSQL, unionSQL } from '../application/sealed-summaries.js';
import { summariesSQL, type SummaryQuery } from '../application/summary-query.js';
import { type Row } from './mapping.js';

/**
 * What answers a question for sums. Which months are sealed is asked first: rows stay for a while after that, so that no month is missed or
 * counted twice in between.
 *
 * @throws HoursNotKeptError and whatever `run` throws
 */
export async function summaryStatement(query: Unpaged<SummaryQuery>, run: (statement: BoundSql) => Promise<Row[]>): Promise<BoundSql> {
  const rows = await run({ sql: SEALED_MONTHS_SQL, parameters: {} });
  if (rows.length === 0) return summariesSQL(query);
  const sealed = rows.map((row): SealedMonth => ({ month: row['month'] as number, seal: row['seal'] as string, dropped: row['is_dropped'] === 1 }));
  const tooFine = tooFineSQL(query, sealed);
  const [found] = tooFine === null ? [] : await run(tooFine);
  if (found !== undefined) throw new HoursNotKeptError(found['day'] as string);
  return unionSQL(query, sealed);
}

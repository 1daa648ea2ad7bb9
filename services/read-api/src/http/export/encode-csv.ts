import { stringify } from 'csv-stringify/sync';
import { type ExportColumn } from './export-column.js';

/**
 * RFC 4180, with a line of names. Values are written as they are, also one that a spreadsheet would take for a formula. What is not known
 * or not there is empty.
 */
export async function* encodeCsv(batches: AsyncIterable<Readonly<Record<string, unknown>>[]>, columns: readonly ExportColumn[]): AsyncGenerator<string, void> {
  const lines = (records: readonly (readonly string[])[]): string => stringify(records as string[][], { record_delimiter: 'windows' });
  yield lines([columns.map(({ name }) => name)]);
  for await (const batch of batches) yield lines(batch.map((view) => columns.map((column) => textOf(column, view))));
}

function textOf({ type, of }: ExportColumn, view: Readonly<Record<string, unknown>>): string {
  const value = of(view);
  if (value === undefined || value === null) return '';
  return type === 'json' ? JSON.stringify(value) : String(value as string | number | boolean);
}

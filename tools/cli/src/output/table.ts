import Table from 'cli-table3';

/** Aligned columns without colours, so that it can be read in a log as well. Cells are text; numbers go right. */
export function table(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const numeric = head.map((_, column) => rows.length > 0 && rows.every((row) => /^[-\d.,% ]*$/.test(String(row[column] ?? ''))));
  const built = new Table({
    head: [...head],
    colAligns: numeric.map((right) => (right ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) built.push(row.map((cell) => String(cell ?? '')));
  return built.toString();
}

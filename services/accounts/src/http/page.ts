/** One page of a list. The reader fetched one row more than asked for; that there is one means that there is a next page. */
export function page<T, J>(rows: readonly T[], limit: number, toJson: (row: T) => J, idOf: (row: T) => string): { data: J[]; next_cursor: string | null } {
  const shown = rows.slice(0, limit);
  return { data: shown.map(toJson), next_cursor: rows.length > limit ? idOf(shown.at(-1)!) : null };
}

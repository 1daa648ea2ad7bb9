/** How a column's values are typed where a format has types: whole numbers of 64 bits or of 38 digits, decimals by their places. */
export type ColumnType = 'text' | 'flag' | 'integer' | 'wide integer' | 'usd' | 'decimal9' | 'time' | 'json';

type View = Readonly<Record<string, unknown>>;

/** A field of a list that is written as a table. */
export interface ExportColumn {
  name: string;
  type: ColumnType;
  /** The value as JSON has it; undefined or null where there is none. */
  of(view: View): unknown;
}

/** A column with a member's name and value. */
export const member = (name: string, type: ColumnType = 'text'): ExportColumn => ({ name, type, of: (view) => view[name] });

/** A column with the value of a member of a member. */
export const within = (outer: string, inner: string, type: ColumnType, name = inner): ExportColumn => ({ name, type, of: (view) => (view[outer] as View | null | undefined)?.[inner] });

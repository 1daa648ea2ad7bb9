import { ByteBuffer } from './byte-buffer.js';

/** One column of a Native block. `write` appends the column's serialised values, state prefix included. */
export interface NativeColumn {
  readonly name: string;
  /** The type as ClickHouse spells it, for example `Nullable(UInt64)`. */
  readonly type: string;
  readonly rows: number;
  /** Roughly how many bytes `write` will append. */
  readonly bytes: number;
  write(out: ByteBuffer): void;
}

/** Serialises columns of equal length as one block of ClickHouse's Native format. Throws RangeError when their lengths differ. */
export function encodeNativeBlock(columns: readonly NativeColumn[]): Buffer {
  const rows = columns[0]?.rows ?? 0;
  let bytes = 16;
  for (const column of columns) {
    if (column.rows !== rows) throw new RangeError(`column ${column.name} has ${column.rows} rows, the block has ${rows}`);
    bytes += column.bytes + column.name.length + column.type.length + 16;
  }
  const out = new ByteBuffer(bytes);
  out.varint(columns.length);
  out.varint(rows);
  for (const column of columns) {
    out.text(column.name);
    out.text(column.type);
    if (rows > 0) column.write(out);
  }
  return out.take();
}

/** The columns as a table structure: "`id` String, `n` Int64". */
export function tableStructure(columns: readonly NativeColumn[]): string {
  return columns.map(({ name, type }) => `\`${name}\` ${type}`).join(', ');
}

/** The table function that reads a block of these columns from the request's body: `input('…')`. */
export function inputFunction(columns: readonly NativeColumn[]): string {
  return `input('${tableStructure(columns).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}')`;
}

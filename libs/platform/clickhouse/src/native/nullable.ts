import { type NativeColumn } from './block.js';

/**
 * `Nullable(T)`: where `nulls[i]` is 1 the value is NULL, whatever `column` holds there.
 * For `LowCardinality` and `Map`, which ClickHouse does not nest in Nullable, it throws.
 */
export function nullable(column: NativeColumn, nulls: Uint8Array): NativeColumn {
  if (/^(LowCardinality|Map|Nullable)\(/.test(column.type)) throw new RangeError(`${column.type} cannot be Nullable`);
  if (nulls.length !== column.rows) throw new RangeError(`column ${column.name} has ${column.rows} rows and ${nulls.length} null marks`);
  return {
    name: column.name,
    type: `Nullable(${column.type})`,
    rows: column.rows,
    bytes: column.bytes + nulls.length,
    write(out) {
      out.raw(nulls);
      column.write(out);
    },
  };
}

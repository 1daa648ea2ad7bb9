import { promisify } from 'node:util';
import { constants, zstdCompressSync } from 'node:zlib';
import { parseScaled, QUANTITY_SCALE, USD_SCALE } from '@ledgerline/kernel';
import { type SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { type ColumnType, type ExportColumn } from './export-column.js';

type View = Readonly<Record<string, unknown>>;

/** Rows held at once. Fewer would hold up other requests for a shorter time, but every group stays in the file's footer until the end. */
const ROWS_PER_GROUP = 10_000;

const decimal = (scale: number): Partial<SchemaElement> => ({ type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, converted_type: 'DECIMAL', precision: 38, scale });
const TYPES: Record<ColumnType, { element: Partial<SchemaElement>; read: (value: never) => unknown }> = {
  text: { element: { type: 'BYTE_ARRAY', converted_type: 'UTF8' }, read: String },
  flag: { element: { type: 'BOOLEAN' }, read: Boolean },
  integer: { element: { type: 'INT64' }, read: (value: number | string) => BigInt(value) },
  'wide integer': { element: decimal(0), read: (value: number | string) => BigInt(value) },
  usd: { element: decimal(USD_SCALE), read: (text: string) => parseScaled(text, USD_SCALE) },
  decimal9: { element: decimal(QUANTITY_SCALE), read: (text: string) => parseScaled(text, QUANTITY_SCALE) },
  time: { element: { type: 'INT64', converted_type: 'TIMESTAMP_MICROS', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' } }, read: microsecondsOf },
  json: { element: { type: 'BYTE_ARRAY', converted_type: 'UTF8' }, read: (value: unknown) => JSON.stringify(value) },
};

/** A Parquet file, group by group; what is not known or not there is null. Money and decimal quantities are DECIMAL, times are microseconds UTC. */
export async function* encodeParquet(batches: AsyncIterable<View[]>, columns: readonly ExportColumn[]): AsyncGenerator<Uint8Array, void> {
  const sink = new StreamedBytes();
  const writer = new ParquetWriter({
    writer: sink,
    schema: [{ name: 'root', num_children: columns.length }, ...columns.map(({ name, type }): SchemaElement => ({ name, repetition_type: 'OPTIONAL', ...TYPES[type].element }))],
    codec: 'ZSTD',
    compressors: { ZSTD: (bytes) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }) },
    statistics: false,
    createdBy: 'ledgerline',
  });
  const writeGroup = async (views: readonly View[]): Promise<void> => {
    const data = columns.map(({ name, type, of }) => ({ name, offsetIndex: false, statistics: type === 'time', data: views.map((view) => read(TYPES[type].read as (value: unknown) => unknown, of(view))) }));
    await writer.write({ columnData: data, rowGroupSize: views.length });
  };
  let waiting: View[] = [];
  for await (const batch of batches) {
    waiting.push(...batch);
    for (; waiting.length >= ROWS_PER_GROUP; waiting = waiting.slice(ROWS_PER_GROUP)) {
      await writeGroup(waiting.slice(0, ROWS_PER_GROUP));
      yield sink.take();
      await othersTurn();
    }
  }
  if (waiting.length > 0) await writeGroup(waiting);
  await writer.finish();
  yield sink.take();
}

const othersTurn = promisify(setImmediate);

const read = (of: (value: unknown) => unknown, value: unknown): unknown => (value === undefined || value === null ? null : of(value));

/** "2026-11-22T12:00:00.123456Z" -> microseconds since 1970. */
function microsecondsOf(text: string): bigint {
  const [seconds, fraction = ''] = text.replace('Z', '').split('.');
  return BigInt(Date.parse(`${seconds}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0'));
}

/** The library's buffer, which is emptied as it is filled. Offsets in the file go on counting. */
class StreamedBytes extends ByteWriter {
  /** What was written since the last time. */
  take(): Uint8Array {
    const bytes = this.getBytes().slice();
    this.index = 0;
    return bytes;
  }
}

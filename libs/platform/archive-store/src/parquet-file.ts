import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { parquetReadObjects, type SchemaElement } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { type ArchiveRange } from './archive-file-name.js';
import { ArchiveDamagedError, type ArchivedMessage } from './archived-message.js';
import { describeMessage } from './describe-message.js';

/** Rows a reader has to hold at once. */
const ROWS_PER_GROUP = 10_000;

const int32 = (name: string): SchemaElement => ({ name, type: 'INT32', repetition_type: 'REQUIRED' });
const int64 = (name: string): SchemaElement => ({ name, type: 'INT64', repetition_type: 'REQUIRED' });
const time = (name: string): SchemaElement => ({ ...int64(name), converted_type: 'TIMESTAMP_MICROS', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' } });

const COLUMNS: readonly SchemaElement[] = [
  int32('generation'),
  int32('partition'),
  int64('priced_sequence'),
  time('priced_at'),
  int64('source_from'),
  int64('source_to'),
  time('recorded_from'),
  time('recorded_to'),
  int32('events'),
  int64('crc32'),
  { name: 'envelope', type: 'BYTE_ARRAY', repetition_type: 'REQUIRED' },
];

/** Lays a contiguous run of one partition's messages out as a Parquet file, zstd-compressed. The same messages give the same bytes. */
export function encodeParquet({ generation, partition }: Pick<ArchiveRange, 'generation' | 'partition'>, messages: readonly ArchivedMessage[]): Uint8Array {
  const big = (of: (message: ArchivedMessage) => number): bigint[] => messages.map((message) => BigInt(of(message)));
  const data: Record<string, bigint[] | number[] | Uint8Array[]> = {
    generation: messages.map(() => generation),
    partition: messages.map(() => partition),
    priced_sequence: big(({ sequence }) => sequence),
    priced_at: big(({ timestampUs }) => timestampUs),
    source_from: big(({ sourceFrom }) => sourceFrom),
    source_to: big(({ sourceTo }) => sourceTo),
    recorded_from: big(({ recordedFromUs }) => recordedFromUs),
    recorded_to: big(({ recordedToUs }) => recordedToUs),
    events: messages.map(({ events }) => events),
    crc32: big(({ data: bytes }) => crc32(bytes)),
    envelope: messages.map(({ data: bytes }) => bytes),
  };
  return new Uint8Array(
    parquetWriteBuffer({
      schema: [{ name: 'root', num_children: COLUMNS.length }, ...COLUMNS],
      columnData: COLUMNS.map(({ name }) => ({ name, data: data[name]!, ...(name === 'envelope' && { encoding: 'PLAIN' as const, statistics: false }) })),
      codec: 'ZSTD',
      compressors: { ZSTD: (bytes) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }) },
      rowGroupSize: ROWS_PER_GROUP,
      createdBy: 'ledgerline',
    }),
  );
}

interface Row {
  generation: number;
  partition: number;
  priced_sequence: bigint;
  priced_at: bigint;
  source_from: bigint;
  source_to: bigint;
  recorded_from: bigint;
  recorded_to: bigint;
  events: number;
  crc32: bigint;
  envelope: Uint8Array;
}

/**
 * Reads a file back and checks it against its name, message by message.
 * @throws ArchiveDamagedError when it is no such file, holds other messages than its name says, or a checksum does not fit
 */
export async function decodeParquet(name: string, range: ArchiveRange, bytes: Uint8Array): Promise<ArchivedMessage[]> {
  try {
    const rows = await readRows(bytes);
    if (rows.length !== range.to - range.from + 1) throw new RangeError(`it holds ${rows.length} messages, expected ${range.to - range.from + 1}`);
    return rows.map((row, i) => checkedMessage(range, range.from + i, row));
  } catch (error) {
    throw new ArchiveDamagedError(name, (error as Error).message);
  }
}

function checkedMessage({ generation, partition }: ArchiveRange, expected: number, row: Row): ArchivedMessage {
  const sequence = Number(row.priced_sequence);
  if (sequence !== expected) throw new RangeError(`message ${sequence} stands where ${expected} was expected`);
  if (row.generation !== generation || row.partition !== partition) throw new RangeError(`message ${sequence} is of generation ${row.generation}, partition ${row.partition}`);
  if (crc32(row.envelope) !== Number(row.crc32)) throw new RangeError(`message ${sequence} does not fit its checksum`);
  const message = describeMessage(sequence, Number(row.priced_at), row.envelope);
  if (!fits(message, row)) throw new RangeError(`message ${sequence} is not the one its columns describe`);
  return message;
}

function fits(message: ArchivedMessage, row: Row): boolean {
  return (
    message.sourceFrom === Number(row.source_from) &&
    message.sourceTo === Number(row.source_to) &&
    message.recordedFromUs === Number(row.recorded_from) &&
    message.recordedToUs === Number(row.recorded_to) &&
    message.events === row.events
  );
}

function readRows(bytes: Uint8Array): Promise<Row[]> {
  const { buffer, byteOffset, byteLength } = bytes;
  return parquetReadObjects({
    file: { byteLength, slice: (start, end) => buffer.slice(byteOffset + start, byteOffset + (end ?? byteLength)) as ArrayBuffer },
    columns: COLUMNS.map(({ name }) => name),
    compressors: { ZSTD: (input) => zstdDecompressSync(input) },
    // Times stay microseconds: a Date would cut them to milliseconds.
    parsers: { timestampFromMicroseconds: (micros: bigint) => micros },
    utf8: false,
  }) as Promise<unknown> as Promise<Row[]>;
}

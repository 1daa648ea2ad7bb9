import { crc32 } from 'node:zlib';
import { type Disk, type DiskFile, readFully } from './disk.js';
import { type Coverage } from './idempotency-index.js';
import { type Memtable } from './memtable.js';
import { type PairTexts } from './pair-cache.js';

/*
 * A log holds the claims of one memtable in blocks, little-endian:
 *   u32 magic, u32 crc of the rest, u32 bytes of pairs, u32 words of records, f64 PRICED sequence of the block before, f64 PRICED sequence,
 *   f64 source_to, u32 checksum of the PRICED message, u32 number of pairs, then the pairs that are new (customer and source, each as u32
 *   length and UTF-8), padded to words,
 *   then the records as they lie in the memtable.
 * A block that is cut off, does not match its crc, or does not follow the one before ends the valid part of all logs.
 */
const MAGIC = 0x6b6c_4202;
const HEAD_BYTES = 48;
const MAX_BLOCK_BYTES = 2 ** 31 - 1;

export function logName(number: number): string {
  return `${String(number).padStart(8, '0')}.log`;
}

/** The claims of one memtable, kept until a segment holds them. Not synced: what a loss of power takes is filled from PRICED. */
export class ClaimLog {
  private writing: Promise<unknown> = Promise.resolve();
  private failure: Error | null = null;

  private constructor(
    readonly number: number,
    private readonly file: DiskFile,
    private end: number,
  ) {}

  static async create(disk: Disk, directory: string, number: number): Promise<ClaimLog> {
    return new ClaimLog(number, await disk.open(`${directory}/${logName(number)}`, 'create'), 0);
  }

  /**
   * Opens a log, enters its valid blocks, which follow `coverage`, into the memtable, and cuts off the rest.
   * @returns also the coverage behind the last block
   */
  static async open(disk: Disk, directory: string, number: number, coverage: Coverage, table: Memtable): Promise<{ log: ClaimLog; coverage: Coverage }> {
    const file = await disk.open(`${directory}/${logName(number)}`, 'append');
    try {
      const valid = await readBlocks(file, number, coverage, table);
      await file.truncate(valid.end);
      return { log: new ClaimLog(number, file, valid.end), coverage: valid.coverage };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Appends the memtable's records from word `from` on, and its pairs from number `pair` on. Resolves when the block before it is written,
   * so that writing overlaps with the next run; a failure shows at the next call.
   */
  async append(before: Coverage, coverage: Coverage, table: Memtable, from: number, pair: number): Promise<void> {
    const bytes = encodeBlock(before, coverage, table, from, pair);
    const earlier = this.writing;
    const at = this.end;
    this.end += bytes.length;
    this.writing = earlier.then(async () => {
      if (this.failure === null) await this.file.write(bytes, at).catch((error: Error) => (this.failure = error));
    });
    await earlier;
    if (this.failure !== null) throw this.failure;
  }

  /** Resolves when every block is written. */
  async settled(): Promise<void> {
    await this.writing;
    if (this.failure !== null) throw this.failure;
  }

  async close(): Promise<void> {
    await this.writing;
    await this.file.close();
  }
}

/** Enters the valid blocks of a log, which follow `coverage`, into the memtable; the file stays as it is. @returns the coverage behind the last one */
export async function readLog(disk: Disk, directory: string, number: number, coverage: Coverage, table: Memtable): Promise<Coverage> {
  const file = await disk.open(`${directory}/${logName(number)}`, 'read');
  try {
    return (await readBlocks(file, number, coverage, table)).coverage;
  } finally {
    await file.close();
  }
}

async function readBlocks(file: DiskFile, number: number, coverage: Coverage, table: Memtable): Promise<{ coverage: Coverage; end: number }> {
  let end = 0;
  for (let block = await readBlock(file, end, coverage); block !== null; block = await readBlock(file, end, coverage)) {
    for (const { customer, source } of block.pairs) table.pairs.enter(customer, source);
    if (!table.restore(block.records)) throw new Error(`${logName(number)} holds what is no record`);
    coverage = block.coverage;
    end += block.bytes;
  }
  return { coverage, end };
}

function encodeBlock(before: Coverage, coverage: Coverage, table: Memtable, from: number, pair: number): Buffer {
  const pairs = encodePairs(table.pairs.list.slice(pair));
  const records = new Uint8Array(table.words.buffer, from * 4, (table.end - from) * 4);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + pairs.length + records.length);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(pairs.length, 8);
  bytes.writeUInt32LE(records.length / 4, 12);
  bytes.writeDoubleLE(before.pricedSequence, 16);
  bytes.writeDoubleLE(coverage.pricedSequence, 24);
  bytes.writeDoubleLE(coverage.sourceTo, 32);
  bytes.writeUInt32LE(coverage.checksum, 40);
  bytes.writeUInt32LE(table.pairs.list.length - pair, 44);
  bytes.set(pairs, HEAD_BYTES);
  bytes.set(records, HEAD_BYTES + pairs.length);
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4);
  return bytes;
}

function encodePairs(pairs: readonly PairTexts[]): Buffer {
  const parts: Buffer[] = [];
  for (const text of pairs.flatMap(({ customer, source }) => [customer, source])) {
    const utf8 = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(utf8.length);
    parts.push(length, utf8);
  }
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([...parts, Buffer.alloc(-bytes & 3)]);
}

interface Block {
  pairs: PairTexts[];
  records: Uint32Array;
  coverage: Coverage;
  bytes: number;
}

/** The block at `at`, or null when there is no valid one that follows `before`. */
async function readBlock(file: DiskFile, at: number, before: Coverage): Promise<Block | null> {
  const head = Buffer.alloc(HEAD_BYTES);
  if ((await readFully(file, head, at)) < HEAD_BYTES || head.readUInt32LE(0) !== MAGIC) return null;
  const pairBytes = head.readUInt32LE(8);
  const length = pairBytes + head.readUInt32LE(12) * 4;
  if (length > MAX_BLOCK_BYTES || at + HEAD_BYTES + length > (await file.size())) return null;
  const body = Buffer.from(new ArrayBuffer(length));
  if ((await readFully(file, body, at + HEAD_BYTES)) < length) return null;
  if (crc32(body, crc32(head.subarray(8))) !== head.readUInt32LE(4)) return null;
  if (head.readDoubleLE(16) !== before.pricedSequence) return null;
  return {
    pairs: decodePairs(body, head.readUInt32LE(44)),
    records: new Uint32Array(body.buffer, pairBytes),
    coverage: { pricedSequence: head.readDoubleLE(24), sourceTo: head.readDoubleLE(32), checksum: head.readUInt32LE(40) },
    bytes: HEAD_BYTES + length,
  };
}

function decodePairs(body: Buffer, count: number): PairTexts[] {
  const pairs: PairTexts[] = [];
  let at = 0;
  const text = (): string => {
    const from = at + 4;
    at = from + body.readUInt32LE(at);
    return body.toString('utf8', from, at);
  };
  while (pairs.length < count) pairs.push({ customer: text(), source: text() });
  return pairs;
}

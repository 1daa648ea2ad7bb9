import { open, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { type Coverage, IndexWriteError } from '../application/idempotency-index.js';
import { ENTRY_WORDS } from './entry-log.js';

/*
 * An index file is a header and blocks, little-endian:
 *   header  "LLIDX001", u32 length of the stream's creation time, the text, u32 crc of all before
 *   block   u32 magic, u32 crc of the rest, u32 entries, u32 checksum of the PRICED message, f64 PRICED sequence, f64 source_to, entries of 32 bytes
 * A block that is cut off or does not match its crc ends the valid part.
 */
const MAGIC = Buffer.from('LLIDX001');
const BLOCK_MAGIC = 0x6b6c_4201;
const BLOCK_HEADER = 32;
const ENTRY_BYTES = ENTRY_WORDS * 4;
const MAX_ENTRIES = 1 << 22;

function header(created: string): Buffer {
  const text = Buffer.from(created);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const body = Buffer.concat([MAGIC, length, text]);
  const crc = Buffer.alloc(4);
  crc.writeUInt32LE(crc32(body));
  return Buffer.concat([body, crc]);
}

function block(coverage: Coverage, entries: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(BLOCK_HEADER + entries.length);
  bytes.writeUInt32LE(BLOCK_MAGIC, 0);
  bytes.writeUInt32LE(entries.length / ENTRY_BYTES, 8);
  bytes.writeUInt32LE(coverage.checksum, 12);
  bytes.writeDoubleLE(coverage.pricedSequence, 16);
  bytes.writeDoubleLE(coverage.sourceTo, 24);
  bytes.set(entries, BLOCK_HEADER);
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4);
  return bytes;
}

/** One partition's append-only file of claims. */
export class IndexFile {
  private writing: Promise<unknown> = Promise.resolve();
  private failure: Error | null = null;

  private constructor(
    private readonly handle: FileHandle,
    private end: number,
  ) {}

  /**
   * Opens or creates the file. Every valid block is given to `onBlock` (entries as words, valid during the call); what follows the last one
   * is cut off. A file of another stream is emptied.
   */
  static async open(path: string, created: string, onBlock: (coverage: Coverage, words: Uint32Array) => void): Promise<IndexFile> {
    const handle = await open(path, 'a+', 0o600).then(async (created) => (await created.close(), open(path, 'r+')));
    try {
      const expected = header(created);
      const found = Buffer.alloc(expected.length);
      await readFully(handle, found, 0);
      const valid = found.equals(expected) ? await readBlocks(handle, expected.length, onBlock) : 0;
      await handle.truncate(valid);
      if (valid === 0) await writeFully(handle, expected, 0);
      return new IndexFile(handle, valid === 0 ? expected.length : valid);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /**
   * Appends a block. Resolves when the block before it is written, so that writing overlaps with the next run; a failure shows at the next call.
   * Not synced: after a power loss the tail may be missing, which a restart notices and fills from PRICED.
   */
  async append(coverage: Coverage, entries: Uint8Array): Promise<void> {
    const bytes = block(coverage, entries);
    const before = this.writing;
    const at = this.end;
    this.end += bytes.length;
    this.writing = before.then(async () => {
      if (this.failure === null) await writeFully(this.handle, bytes, at).catch((error: Error) => (this.failure = error));
    });
    await before;
    if (this.failure !== null) throw new IndexWriteError(this.failure);
  }

  async close(): Promise<void> {
    await this.writing;
    await this.handle.close();
  }
}

/** Returns the offset behind the last valid block. */
async function readBlocks(handle: FileHandle, from: number, onBlock: (coverage: Coverage, words: Uint32Array) => void): Promise<number> {
  const head = Buffer.alloc(BLOCK_HEADER);
  for (let at = from; ;) {
    if ((await readFully(handle, head, at)) < BLOCK_HEADER || head.readUInt32LE(0) !== BLOCK_MAGIC) return at;
    const count = head.readUInt32LE(8);
    if (count > MAX_ENTRIES) return at;
    const body = Buffer.from(new ArrayBuffer(count * ENTRY_BYTES));
    if ((await readFully(handle, body, at + BLOCK_HEADER)) < body.length) return at;
    if (crc32(body, crc32(head.subarray(8))) !== head.readUInt32LE(4)) return at;
    const coverage = { pricedSequence: head.readDoubleLE(16), sourceTo: head.readDoubleLE(24), checksum: head.readUInt32LE(12) };
    onBlock(coverage, new Uint32Array(body.buffer));
    at += BLOCK_HEADER + body.length;
  }
}

async function readFully(handle: FileHandle, into: Buffer, at: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await handle.read(into, done, into.length - done, at + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

async function writeFully(handle: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
}

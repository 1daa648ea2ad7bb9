import { crc32 } from 'node:zlib';
import { type Disk, type DiskFile, readFully, writeFile } from './disk.js';
import { type Manifest, MANIFEST, readManifest, writeManifest } from './manifest.js';
import { type SegmentEntry } from './segment.js';
import { SegmentDamagedError } from './segment-damaged-error.js';
import { type Stop } from './turns.js';

const CHUNK_BYTES = 1024 * 1024;

/**
 * A copy of a partition's segments in a folder off the host, from which another process can take the partition over. Files appear there
 * whole, the manifest last; whoever is behind what the copy holds leaves it alone.
 */
export class IndexCopy {
  constructor(
    private readonly disk: Disk,
    private readonly local: string,
    private readonly directory: string,
    private readonly writer: string,
    private readonly stop: Stop,
  ) {}

  /** The copy's manifest, or null when there is no whole one of that stream. */
  async manifest(streamId: string): Promise<Manifest | null> {
    const manifest = await readManifest(this.disk, this.directory).catch((error: Error) => {
      if (error instanceof SegmentDamagedError) return null;
      throw error;
    });
    return manifest?.streamId === streamId ? manifest : null;
  }

  /** Nobody takes over from it any more. */
  async forget(): Promise<void> {
    await this.disk.remove(`${this.directory}/${MANIFEST}`);
  }

  /** Brings the copy up to a manifest of the local folder. */
  async publish(manifest: Manifest): Promise<void> {
    await this.disk.makeDirectory(this.directory);
    const before = await this.manifest(manifest.streamId);
    if (before !== null && before.coverage.pricedSequence > manifest.coverage.pricedSequence) return;
    const there = new Set(await this.disk.list(this.directory));
    for (const segment of manifest.segments) if (!there.has(segment.name)) await this.transfer(this.local, this.directory, segment);
    await writeManifest(this.disk, this.directory, manifest, this.writer);
    // What the manifest before names may still be read by someone who takes over at this moment.
    const wanted = new Set([MANIFEST, ...[manifest, ...(before === null ? [] : [before])].flatMap(({ segments }) => segments.map(({ name }) => name))]);
    for (const name of there) if (!wanted.has(name)) await this.disk.remove(`${this.directory}/${name}`);
  }

  /**
   * Puts the copy in the place of the local folder's index. Logs numbered below `logFrom` no longer count.
   * @throws SegmentDamagedError when a file is not as it was written, and errors of the disk when one is gone
   */
  async restore(manifest: Manifest, logFrom: number): Promise<void> {
    const here = new Set(await this.disk.list(this.local));
    for (const segment of manifest.segments) if (!here.has(segment.name)) await this.transfer(this.directory, this.local, segment);
    const from = Math.max(logFrom, manifest.nextNumber);
    await writeManifest(this.disk, this.local, { ...manifest, logFrom: from, nextNumber: from + 1 }, this.writer);
  }

  private async transfer(from: string, to: string, { name, bytes, crc }: SegmentEntry): Promise<void> {
    const source = await this.disk.open(`${from}/${name}`, 'read');
    try {
      await writeFile(this.disk, to, name, `${name}-${this.writer}.tmp`, async (target) => {
        const found = await this.copyFile(source, target);
        if (found.bytes !== bytes || found.crc !== crc) throw new SegmentDamagedError(`${from}/${name}`, 'checksum');
        await target.sync();
      });
    } finally {
      await source.close();
    }
  }

  private async copyFile(source: DiskFile, target: DiskFile): Promise<{ bytes: number; crc: number }> {
    const chunk = new Uint8Array(CHUNK_BYTES);
    let crc = 0;
    let at = 0;
    for (let count = await readFully(source, chunk, at); count > 0; count = await readFully(source, chunk, at)) {
      this.stop.check();
      const part = chunk.subarray(0, count);
      crc = crc32(part, crc);
      await target.write(part, at);
      at += count;
    }
    return { bytes: at, crc };
  }
}

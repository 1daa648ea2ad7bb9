import { type Arrivals } from './arrival.js';
import { chooseMerge, unmerged } from './choose-merge.js';
import { logName } from './claim-log.js';
import { type DiskFile, writeFile } from './disk.js';
import { FilterBank } from './filter-bank.js';
import { flushMemtable } from './flush-memtable.js';
import { type Coverage } from './idempotency-index.js';
import { type IndexSettings } from './index-settings.js';
import { type Manifest, MANIFEST, writeManifest } from './manifest.js';
import { type Memtable } from './memtable.js';
import { mergeSegments } from './merge-segments.js';
import { Segment, type SegmentEntry } from './segment.js';
import { SegmentDamagedError } from './segment-damaged-error.js';
import { type WrittenFile } from './segment-writer.js';
import { Stop, StoppedError, Turns } from './turns.js';

/** A merged segment spans at most this part of the window. */
const SPAN_PARTS = 8;

/** A memtable that takes no more claims, and where it stands. */
export interface FrozenClaims {
  table: Memtable;
  coverage: Coverage;
  arrivals: Arrivals;
  /** the log behind its own */
  logFrom: number;
}

/**
 * The segments of one partition on disk: adds, merges and drops them. The manifest is replaced after a new file is complete and before an old
 * one is removed, so that a crash at any moment leaves one or the other, and nothing but files that the manifest does not name.
 */
export class SegmentStore {
  private readonly stop = new Stop();
  private readonly commits = new Turns();
  private maintaining: Promise<void> = Promise.resolve();
  private damage: Error | null = null;

  private constructor(
    private readonly settings: IndexSettings,
    readonly directory: string,
    private readonly partition: number,
    private manifest: Manifest,
    /** the newest first */
    public segments: readonly Segment[],
    private nextNumber: number,
    readonly filters: FilterBank,
    private readonly onCommit: (manifest: Manifest) => void,
  ) {}

  /** Opens what the manifest names and removes everything else. @throws SegmentDamagedError when a segment is missing or not as it was written */
  static async open(
    settings: IndexSettings,
    directory: string,
    partition: number,
    manifest: Manifest,
    logs: readonly number[],
    onCommit: (manifest: Manifest) => void,
  ): Promise<SegmentStore> {
    const { disk, cache } = settings;
    const names = await disk.list(directory);
    const wanted = new Set([MANIFEST, ...manifest.segments.map(({ name }) => name), ...logs.map(logName)]);
    for (const name of names) if (!wanted.has(name)) await disk.remove(`${directory}/${name}`);
    const segments: Segment[] = [];
    const filters = new FilterBank();
    try {
      for (const entry of manifest.segments) {
        if (!names.includes(entry.name)) throw new SegmentDamagedError(entry.name, 'it is missing');
        const segment = await Segment.open(disk, directory, entry, cache);
        segments.push(segment);
        await filters.add(segment);
      }
    } catch (error) {
      for (const segment of segments) await segment.close();
      throw error;
    }
    const nextNumber = Math.max(manifest.nextNumber, manifest.logFrom + 1, ...logs.map((log) => log + 1));
    return new SegmentStore(settings, directory, partition, manifest, segments, nextNumber, filters, onCommit);
  }

  /** Why the segments are not to be relied on, or null. */
  get damaged(): Error | null {
    return this.damage;
  }

  /** What was committed last. */
  get current(): Manifest {
    return this.manifest;
  }

  get records(): number {
    return this.segments.reduce((sum, { meta }) => sum + meta.records, 0);
  }

  takeNumber(): number {
    return this.nextNumber++;
  }

  /** Takes note of an error in reading: on closing, a damaged index is set aside. */
  noteDamage(error: Error): void {
    if (error instanceof SegmentDamagedError) this.damage ??= error;
  }

  /** Writes claims as the newest segment. */
  async add({ table, coverage, arrivals, logFrom }: FrozenClaims): Promise<void> {
    const segments = table.count === 0 ? [] : [await this.write(0, (file) => flushMemtable(table, file, this.stop))];
    const entries = segments.map(({ entry }) => entry);
    await this.commit((manifest) => ({ ...manifest, coverage, arrivals, logFrom, segments: [...entries, ...manifest.segments] }));
    for (const segment of segments) await this.filters.add(segment);
    this.segments = [...segments, ...this.segments];
    this.maintain();
  }

  /** Resolves at once, or, when merging is far behind, when it has caught up. */
  async catchUp(): Promise<void> {
    if (unmerged(this.manifest.segments) >= 2 * this.settings.fanIn) await this.maintaining;
  }

  /** Merges and drops in the background what is to be. */
  maintain(): void {
    this.maintaining = this.maintaining
      .then(() => this.settings.merges.run(() => this.dropAndMerge()))
      .catch((error: Error) => {
        this.noteDamage(error);
        if (!(error instanceof StoppedError)) this.settings.onWarning(error, this.partition);
      });
  }

  /** Ends work in the background soon. */
  halt(): void {
    this.stop.stop();
  }

  async close(): Promise<void> {
    this.halt();
    await this.maintaining;
    for (const segment of this.segments) await segment.close();
    this.segments = [];
  }

  /** For whoever has to know that all work in the background has ended. */
  async settled(): Promise<void> {
    await this.maintaining;
  }

  private async dropAndMerge(): Promise<void> {
    const { windowHours, fanIn, maxRecords } = this.settings;
    this.stop.check();
    const oldest = this.manifest.arrivals.newest - windowHours;
    await this.replace(this.segments.filter(({ entry }) => entry.newestHour < oldest), null);
    const rules = { fanIn, maxRecords, maxSpanHours: windowHours / SPAN_PARTS };
    for (let run = chooseMerge(this.manifest.segments, rules); run !== null; run = chooseMerge(this.manifest.segments, rules)) {
      const merged = this.segments.slice(...run);
      const segment = await this.write(merged[0]!.entry.level + 1, (file) => mergeSegments(merged, file, this.stop));
      await this.replace(merged, segment);
    }
  }

  private async write(level: number, write: (file: DiskFile) => Promise<WrittenFile>): Promise<Segment> {
    const { disk, writer, cache } = this.settings;
    const name = `${String(this.takeNumber()).padStart(8, '0')}-${writer}.segment`;
    const written = await writeFile(disk, this.directory, name, `${name}.tmp`, write);
    const entry: SegmentEntry = { name, level, records: 0, ...written, oldestHour: -1, newestHour: -1 };
    const segment = await Segment.open(disk, this.directory, entry, cache);
    const hours = segment.meta.arrivals.map(([, hour]) => hour);
    entry.records = segment.meta.records;
    entry.oldestHour = hours.reduce((a, b) => Math.min(a, b), Infinity);
    entry.newestHour = hours.reduce((a, b) => Math.max(a, b), -1);
    return segment;
  }

  /** Puts one segment, or none, in the place of neighbours, and removes their files. */
  private async replace(old: readonly Segment[], by: Segment | null): Promise<void> {
    if (old.length === 0) return;
    const names = new Set(old.map(({ entry }) => entry.name));
    const swap = <T>(list: readonly T[], nameOf: (one: T) => string, put: T | null): T[] => {
      const at = list.findIndex((one) => names.has(nameOf(one)));
      return [...list.slice(0, at), ...(put === null ? [] : [put]), ...list.slice(at).filter((one) => !names.has(nameOf(one)))];
    };
    await this.commit((manifest) => ({ ...manifest, segments: swap(manifest.segments, ({ name }) => name, by?.entry ?? null) }));
    if (by !== null) await this.filters.add(by);
    this.segments = swap(this.segments, ({ entry }) => entry.name, by);
    for (const segment of old) {
      this.filters.remove(segment);
      await segment.close();
      await this.settings.disk.remove(`${this.directory}/${segment.entry.name}`);
    }
  }

  /** When this fails, the old manifest or the new one is there: both are true, as no file is removed then. */
  private commit(change: (manifest: Manifest) => Manifest): Promise<void> {
    return this.commits.run(async () => {
      const manifest = { ...change(this.manifest), nextNumber: this.nextNumber };
      await writeManifest(this.settings.disk, this.directory, manifest, this.settings.writer);
      this.manifest = manifest;
      this.onCommit(manifest);
    });
  }
}

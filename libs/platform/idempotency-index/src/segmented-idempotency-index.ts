import { type Arrivals, coveredFromUs, hourOf } from './arrival.js';
import { ClaimLog, logName } from './claim-log.js';
import { Claim, type Claimant, type Coverage, type IdempotencyIndex, IndexWriteError } from './idempotency-index.js';
import { type IndexSettings } from './index-settings.js';
import { Memtable } from './memtable.js';
import { PackedIdentity } from './packed-identity.js';
import { type Position, positionFrom, positionHigh, positionLow } from './position.js';
import { type Segment } from './segment.js';
import { type FrozenClaims, type SegmentStore } from './segment-store.js';
import { StoppedError } from './turns.js';

/** The memtable that takes the claims, and its log. */
interface ActiveClaims {
  table: Memtable;
  log: ClaimLog;
}

export type FrozenWithLog = FrozenClaims & { log: ClaimLog };

/** What an index is opened with. */
export interface IndexState {
  store: SegmentStore;
  active: ActiveClaims;
  /** the newest first */
  frozen: FrozenWithLog[];
  coverage: Coverage;
  arrivals: Arrivals;
}

/** What goes on around an index. */
export interface IndexSurroundings {
  /** resolves when nothing more is being done with its files */
  settled(): Promise<void>;
  /** is told that the index is closed */
  closed(): Promise<void>;
}

/**
 * The newest identities in memory and in a log, all others in segments on disk. A lookup asks memory first; a segment's page is read only
 * when its filter lets the usage_id pass, and what is found there is confirmed by the identity's texts.
 */
export class SegmentedIdempotencyIndex implements IdempotencyIndex {
  private readonly identity = new PackedIdentity();
  private readonly store: SegmentStore;
  private active: ActiveClaims;
  private frozen: readonly FrozenWithLog[];
  private covered: { end: number; pairs: number; arrivals: Arrivals };
  private first: number;
  private newest: number;
  private failure: Error | null = null;
  private place = -1;
  private flushing: Promise<void> = Promise.resolve();
  coverage: Coverage;

  constructor(
    private readonly settings: IndexSettings,
    state: IndexState,
    private readonly surroundings: IndexSurroundings,
  ) {
    this.store = state.store;
    this.active = state.active;
    this.frozen = state.frozen;
    this.coverage = state.coverage;
    this.first = state.arrivals.first;
    this.newest = state.arrivals.newest;
    this.covered = this.standing();
    this.flushFrozen();
    this.store.maintain();
  }

  get size(): number {
    return this.frozen.reduce((sum, { table }) => sum + table.count, this.active.table.count + this.store.records);
  }

  get coveredFromUs(): number {
    return coveredFromUs({ first: this.first, newest: this.newest }, this.settings.windowHours);
  }

  get failed(): boolean {
    return this.failure !== null || this.store.damaged !== null;
  }

  claim(claimant: Claimant): Claim {
    const { identity } = this;
    identity.set(claimant);
    const hour = Math.max(hourOf(claimant.recordedAtUs), this.newest);
    try {
      const held = this.find(hour - this.settings.windowHours);
      if (held !== null) return answer(held.words, this.place, claimant, held.same(this.place, identity));
    } catch (error) {
      throw this.fail(error as Error, 'read');
    }
    this.active.table.insert(identity, claimant, hour);
    this.newest = hour;
    if (this.first < 0) this.first = hour;
    return Claim.original;
  }

  async cover(coverage: Coverage): Promise<void> {
    if (this.failed) throw new IndexWriteError(this.failure ?? this.store.damaged!);
    const { table, log } = this.active;
    try {
      await log.append(this.coverage, coverage, table, this.covered.end, this.covered.pairs);
      this.coverage = coverage;
      this.covered = this.standing();
      if (table.bytes >= this.settings.budget.share) await this.freeze();
    } catch (error) {
      throw this.fail(error as Error, 'written');
    }
  }

  rollback(): void {
    const { end, pairs, arrivals } = this.covered;
    this.active.table.truncate(end, pairs);
    this.first = arrivals.first;
    this.newest = arrivals.newest;
  }

  positionOf(usageIds: Uint8Array, at: number): Position | null {
    this.identity.setUsageId(usageIds, at);
    try {
      const held = this.find(this.newest - this.settings.windowHours);
      return held === null ? null : positionFrom(held.words[this.place + 6]!, held.words[this.place + 7]!);
    } catch (error) {
      throw this.fail(error as Error, 'read');
    }
  }

  async close(): Promise<void> {
    this.store.halt();
    await this.flushing;
    await this.store.close();
    await this.active.log.close().catch(() => undefined);
    for (const { log } of this.frozen) await log.close().catch(() => undefined);
    await this.surroundings.closed();
  }

  /** Resolves when no work is left in the background. */
  async settled(): Promise<void> {
    await this.flushing;
    await this.store.settled();
    await this.surroundings.settled();
  }

  /**
   * Where the identity's usage_id is held, with its record's place in `place`; null when it is nowhere, or has fallen out of the window: then
   * any older record of it has, too.
   */
  private find(oldestHour: number): Memtable | Segment | null {
    const found = this.findIn(this.active.table) ?? this.findFrozen() ?? this.findStored();
    return found === null || found.hour(this.place) < oldestHour ? null : found;
  }

  private findIn(table: Memtable): Memtable | null {
    this.place = table.find(this.identity);
    return this.place < 0 ? null : table;
  }

  private findFrozen(): Memtable | null {
    for (const { table } of this.frozen) if (this.findIn(table) !== null) return table;
    return null;
  }

  private findStored(): Segment | null {
    let newest: Segment | null = null;
    let sequence = -1;
    const passing = this.store.filters.passing(this.identity.w1, this.identity.w2);
    for (let i = 0; i < passing.length; i++) {
      const segment = passing[i]!;
      this.place = segment.find(this.identity);
      if (this.place < 0 || segment.sequence(this.place) <= sequence) continue;
      newest = segment;
      sequence = segment.sequence(this.place);
    }
    // The page of another segment may have been read since.
    if (newest !== null && newest !== passing[passing.length - 1]) this.place = newest.find(this.identity);
    return newest;
  }

  private standing(): { end: number; pairs: number; arrivals: Arrivals } {
    const { end, pairs } = this.active.table;
    return { end, pairs: pairs.list.length, arrivals: { first: this.first, newest: this.newest } };
  }

  /** Starts a new memtable and writes the full one as a segment in the background. Waits when that is still being done with the one before. */
  private async freeze(): Promise<void> {
    await this.flushing;
    await this.store.catchUp();
    if (this.failure !== null) throw this.failure;
    const { table, log } = this.active;
    await log.settled();
    const next = await ClaimLog.create(this.settings.disk, this.store.directory, this.store.takeNumber());
    this.frozen = [{ table, log, coverage: this.coverage, arrivals: this.covered.arrivals, logFrom: next.number }, ...this.frozen];
    this.active = { table: new Memtable(this.settings.budget.share), log: next };
    this.covered = this.standing();
    this.flushFrozen();
  }

  private flushFrozen(): void {
    this.flushing = this.flush().catch((error: Error) => {
      if (!(error instanceof StoppedError)) this.failure ??= error;
    });
  }

  private async flush(): Promise<void> {
    for (let claims = this.frozen.at(-1); claims !== undefined; claims = this.frozen.at(-1)) {
      await this.store.add(claims);
      this.frozen = this.frozen.slice(0, -1);
      await claims.log.close();
      await this.settings.disk.remove(`${this.store.directory}/${logName(claims.log.number)}`);
    }
  }

  private fail(error: Error, what: string): Error {
    if (error instanceof RangeError) return error;
    this.failure ??= error;
    this.store.noteDamage(error);
    return new IndexWriteError(error, what);
  }
}

function answer(words: Uint32Array, at: number, { fingerprintHigh, fingerprintLow, sequence, row }: Claimant, same: boolean): Claim {
  // Another identity under the same usage_id cannot be addressed beside it: it is no duplicate, and it is not counted either.
  if (!same) return Claim.conflict;
  if (words[at + 6] === positionLow(sequence, row) && words[at + 7] === positionHigh(sequence)) return Claim.own;
  return words[at + 4] === fingerprintHigh >>> 0 && words[at + 5] === fingerprintLow >>> 0 ? Claim.duplicate : Claim.conflict;
}

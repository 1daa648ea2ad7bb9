import { type Arrivals, coveredFromUs, hourOf, NO_ARRIVALS } from './arrival.js';
import { Claim, type Claimant, type Coverage, type IdempotencyIndex, type IdempotencyIndexes, type IndexedStream, NO_COVERAGE } from './idempotency-index.js';
import { type Position } from './position.js';

type Held = Omit<Claimant, 'usageIds' | 'at' | 'recordedAtUs'> & { hour: number };

/** The index as a plain map: what it means, without what makes it small and fast. After a restart it is built again from all of PRICED. */
export class MemoryIdempotencyIndex implements IdempotencyIndex {
  private readonly held = new Map<string, Held>();
  /** what the provisional claims replaced, in their order */
  private provisional: { key: string; before: Held | undefined; arrivals: Arrivals }[] = [];
  private arrivals = NO_ARRIVALS;
  coverage: Coverage = NO_COVERAGE;
  readonly failed = false;

  constructor(private readonly windowHours: number) {}

  get size(): number {
    return this.held.size;
  }

  get coveredFromUs(): number {
    return coveredFromUs(this.arrivals, this.windowHours);
  }

  claim({ usageIds, at, recordedAtUs, ...claimant }: Claimant): Claim {
    const key = keyOf(usageIds, at);
    const hour = Math.max(hourOf(recordedAtUs), this.arrivals.newest);
    const held = this.held.get(key);
    if (held !== undefined && held.hour >= hour - this.windowHours) return answer(held, claimant);
    this.provisional.push({ key, before: held, arrivals: this.arrivals });
    this.held.set(key, { ...claimant, hour });
    this.arrivals = { first: this.arrivals.first < 0 ? hour : this.arrivals.first, newest: hour };
    return Claim.original;
  }

  async cover(coverage: Coverage): Promise<void> {
    this.provisional = [];
    this.coverage = coverage;
  }

  rollback(): void {
    for (const { key, before, arrivals } of this.provisional.reverse()) {
      if (before === undefined) this.held.delete(key);
      else this.held.set(key, before);
      this.arrivals = arrivals;
    }
    this.provisional = [];
  }

  positionOf(usageIds: Uint8Array, at: number): Position | null {
    const held = this.held.get(keyOf(usageIds, at));
    return held === undefined || held.hour < this.arrivals.newest - this.windowHours ? null : { sequence: held.sequence, row: held.row };
  }

  async close(): Promise<void> {}
}

function keyOf(usageIds: Uint8Array, at: number): string {
  return Buffer.from(usageIds.buffer, usageIds.byteOffset + at, 16).toString('latin1');
}

function answer(held: Held, claimant: Omit<Held, 'hour'>): Claim {
  if (held.customer !== claimant.customer || held.source !== claimant.source || held.id !== claimant.id) return Claim.conflict;
  if (held.sequence === claimant.sequence && held.row === claimant.row) return Claim.own;
  return held.fingerprintHigh === claimant.fingerprintHigh && held.fingerprintLow === claimant.fingerprintLow ? Claim.duplicate : Claim.conflict;
}

/** Keeps the indexes of this process's partitions for as long as it lives. */
export class MemoryIdempotencyIndexes implements IdempotencyIndexes {
  private readonly kept = new Map<string, MemoryIdempotencyIndex>();

  /** @param windowDays how long an identity is held after it was recorded */
  constructor(private readonly windowDays = 35) {}

  async open({ partition, streamId }: IndexedStream): Promise<IdempotencyIndex> {
    const key = `${partition} ${streamId}`;
    const index = this.kept.get(key) ?? new MemoryIdempotencyIndex(this.windowDays * 24);
    this.kept.set(key, index);
    index.rollback();
    return index;
  }
}

/** What a copy may believe about its own leases between two heartbeats. Times are monotonic milliseconds. */
export class HeldLeases {
  private readonly held = new Map<number, { epoch: number; validUntil: number }>();

  constructor(private readonly ttlMs: number) {}

  /**
   * A heartbeat for the unit reached the database. It was stamped there no earlier than `sentAt`, so nobody else can find it stale
   * before `sentAt + ttl`; until then, and no longer, it is ours whatever happens to the network.
   */
  confirm(unit: number, epoch: number, sentAt: number): void {
    this.held.set(unit, { epoch, validUntil: sentAt + this.ttlMs });
  }

  drop(unit: number): boolean {
    return this.held.delete(unit);
  }

  /** Removes and returns the units whose last heartbeat is too old to be relied on. */
  expire(now: number): number[] {
    const expired = [...this.held].filter(([, lease]) => lease.validUntil <= now).map(([unit]) => unit);
    for (const unit of expired) this.held.delete(unit);
    return expired;
  }

  /** Epoch by unit, of those still valid. */
  valid(now: number): Map<number, number> {
    return new Map([...this.held].filter(([, lease]) => lease.validUntil > now).map(([unit, lease]) => [unit, lease.epoch]));
  }

  /** When the first lease ends unless it is confirmed again. */
  nextExpiry(): number | undefined {
    const ends = [...this.held.values()].map((lease) => lease.validUntil);
    return ends.length === 0 ? undefined : Math.min(...ends);
  }
}

/** The most units one of `members` live copies holds, so that all of them are held and nobody has more than a fair share. */
export function fairShare(units: number, members: number): number {
  return Math.ceil(units / Math.max(1, members));
}

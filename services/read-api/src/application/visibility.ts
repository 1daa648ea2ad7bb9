import { setTimeout as delay } from 'node:timers/promises';
import { type Clock } from '@ledgerline/kernel';
import { type AcknowledgedPositions, type StoredPosition, type StoredPositions } from './ports.js';
import { SharedFetch } from './shared-fetch.js';

/** How fresh an answer is. */
export interface Freshness {
  /** Everything recorded up to this time is in the answer; null when that cannot be said yet. */
  as_of: string | null;
  /** At least so many acknowledged events are not in it yet (they are counted by the message); null when the broker cannot say. */
  lag_events: number | null;
}

/** Acknowledged, but not visible within the time a read waits. Asking again later helps. */
export class NotVisibleYetError extends Error {
  readonly code = 'not_visible_yet';

  constructor(detail: string) {
    super(detail);
    this.name = 'NotVisibleYetError';
  }
}

export interface VisibilityOptions {
  partitions: number;
  stored: StoredPositions;
  acknowledged: AcknowledgedPositions;
  clock: Clock;
  waitMs: number;
}

const POLL_MS = 15;
const HEADS_KEPT_MS = 250;

/** Compares what the broker has acknowledged with what is stored: that is how reads see one's own writes, and how fresh they are. */
export class Visibility {
  private readonly positions: SharedFetch<ReadonlyMap<number, StoredPosition>>;
  private heads: { readAtMs: number; value: Promise<number[]> } | null = null;

  constructor(private readonly options: VisibilityOptions) {
    this.positions = new SharedFetch(() => options.stored.read());
  }

  /**
   * Returns once everything acknowledged before the call in these partitions is stored.
   * @throws NotVisibleYetError after the bounded wait, or when the broker or the progress cannot be asked
   */
  async caughtUp(partitions: readonly number[]): Promise<void> {
    const { acknowledged, waitMs } = this.options;
    const giveUpAt = performance.now() + waitMs;
    const targets = await Promise.all(partitions.map(async (partition) => [partition, await acknowledged.last(partition)] as const)).catch((error: Error) => {
      throw new NotVisibleYetError(`The broker cannot say what has been acknowledged: ${error.message}`);
    });
    for (;;) {
      const stored = await this.positions.get().catch((error: Error) => {
        throw new NotVisibleYetError(`What is stored cannot be read: ${error.message}`);
      });
      const behind = targets.filter(([partition, target]) => (stored.get(partition)?.sequence ?? 0) < target);
      if (behind.length === 0) return;
      if (performance.now() >= giveUpAt) throw new NotVisibleYetError(`Acknowledged events of ${behind.length} partition(s) are not visible after ${waitMs} ms.`);
      await delay(POLL_MS);
    }
  }

  /** Positions are read first, so that the lag is never understated by what was stored in between. */
  async freshness(): Promise<Freshness> {
    const stored = await this.positions.get().catch(() => null);
    if (stored === null) return { as_of: null, lag_events: null };
    const heads = await this.recentHeads().catch(() => null);
    if (heads === null) return { as_of: oldest([...stored.values()]), lag_events: null };
    const behind = heads.value.flatMap((head, partition) => {
      const position = stored.get(partition) ?? { sequence: 0, recordedAtUs: null };
      return head > position.sequence ? [{ ...position, lag: head - position.sequence }] : [];
    });
    const lag = behind.reduce((sum, one) => sum + one.lag, 0);
    return { as_of: lag === 0 ? new Date(heads.readAtMs).toISOString() : oldest(behind), lag_events: lag };
  }

  private async recentHeads(): Promise<{ readAtMs: number; value: number[] }> {
    const { clock, partitions, acknowledged } = this.options;
    const now = clock.nowMs();
    if (this.heads === null || now - this.heads.readAtMs > HEADS_KEPT_MS) {
      const heads = { readAtMs: now, value: Promise.all(Array.from({ length: partitions }, (_, partition) => acknowledged.last(partition))) };
      this.heads = heads;
      heads.value.catch(() => {
        if (this.heads === heads) this.heads = null;
      });
    }
    const { readAtMs, value } = this.heads;
    return { readAtMs, value: await value };
  }
}

function oldest(positions: readonly { recordedAtUs: number | null }[]): string | null {
  const times = positions.map(({ recordedAtUs }) => recordedAtUs);
  if (times.length === 0 || times.includes(null)) return null;
  return new Date(Math.floor(Math.min(...(times as number[])) / 1000)).toISOString();
}

import { ClickHouseFault } from '@ledgerline/clickhouse';
import { setTimeout as delay } from 'node:timers/promises';
import { type Claim, type UsageStore } from './ports.js';
import { type Range } from './plan-ranges.js';

/** After inserting all that was missing, the store still does not hold the range. Counting on would hide it. */
export class RangeMismatchError extends Error {
  readonly code = 'range_mismatch';

  constructor(range: Range, stored: number) {
    const spans = [...range.sources].map(([partition, { from, to }]) => `partition ${partition} sources ${from}..${to}`).join(', ');
    super(`the store holds ${stored} rows of a range of ${range.rows}: ${spans}`);
    this.name = 'RangeMismatchError';
  }
}

/** Resolves after so many milliseconds. */
export type Pause = (ms: number) => Promise<unknown>;

const INSERTS = 3;
const FENCED_TRIES = 20;
const FENCED_PAUSE_MS = 50;

/**
 * Brings a range into the store exactly once, whatever was tried before: the insert adds only what is missing, so anything but the
 * expected count is answered by the same insert again, and the store is asked what it holds.
 *
 * @param pause how it waits before it tries again
 * @returns how many inserts it took
 * @throws RangeMismatchError, ClickHouseFault
 */
export async function insertRange(store: UsageStore, claim: Claim, range: Range, pause: Pause = delay): Promise<number> {
  if (range.rows === 0) return 0;
  const prepared = store.prepare(claim, range);
  let stored = 0;
  for (let tries = 1; tries <= INSERTS; tries++) {
    const written = await fenced(store, claim.shard, () => prepared.insert(), pause);
    if (written === range.rows) return tries;
    stored = await prepared.stored();
    if (stored === range.rows) return tries;
  }
  throw new RangeMismatchError(range, stored);
}

/** The insert's query id is the fence. Whoever holds it longer than a moment is an earlier attempt or an earlier owner: it is ended. */
async function fenced<T>(store: UsageStore, shard: number, insert: () => Promise<T>, pause: Pause): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await insert();
    } catch (error) {
      if (!(error instanceof ClickHouseFault) || error.code !== 'query_id_in_use' || tries === FENCED_TRIES) throw error;
    }
    await pause(FENCED_PAUSE_MS);
    if (tries >= 3) await store.endInsert(shard);
  }
}

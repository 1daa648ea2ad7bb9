import { type StoredMessage } from '@ledgerline/messaging';
import { type Difference } from './difference.js';
import { type LogPartition, Positions } from './positions.js';
import { type PricedHistory } from './priced-history.js';

/** A projection that can be built a second time beside itself. */
export interface RebuiltProjection {
  /** Makes the new one, empty; what an earlier rebuild left behind goes. */
  begin(): Promise<void>;
  /** How far the new one may follow the log at this moment. */
  target(): Promise<Positions>;
  /** Adds messages of one partition to the new one: in order, each once. */
  add(of: LogPartition, messages: readonly StoredMessage[]): Promise<void>;
  /**
   * Compares the two at one cut and puts the new one in the old one's place if they agree, or if `accept` says that the log is right.
   * @param catchUp brings the new one exactly to these positions
   */
  settle(accept: boolean, catchUp: (to: Positions) => Promise<void>): Promise<Settlement>;
  /** Removes the new one. */
  discard(): Promise<void>;
}

export interface Settlement {
  readonly switched: boolean;
  /** Empty when they agree. The first ones, where there are many. */
  readonly differences: readonly Difference[];
}

export interface RebuildOptions {
  /** Messages added so far, of all that are known of. */
  readonly onProgress: (added: number, total: number) => void;
  /** Told of the differences; answers whether the log is right. */
  readonly accept: (differences: readonly Difference[]) => Promise<boolean>;
}

/** How a rebuild ended: `agreed`: the new one is in place and says the same; `repaired`: in place, and the old one was wrong; `kept`: nothing changed. */
export type RebuildOutcome = 'agreed' | 'repaired' | 'kept';

/** What is handed over at once. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_MESSAGES = 256;
/** So many messages behind is near enough to hold the old one until the rest is added. */
const NEAR_MESSAGES = 64;
/** Against a log that grows faster than it is read: the rest is added while the old one is held. */
const MOST_ROUNDS = 20;

/** Builds a projection beside the one in use while that goes on, and switches only when they agree or somebody says so. */
export async function rebuildProjection(history: PricedHistory, projection: RebuiltProjection, options: RebuildOptions): Promise<RebuildOutcome> {
  const reached = new Positions();
  let added = 0;
  const catchUp = async (to: Positions): Promise<void> => {
    const total = added + to.distanceFrom(reached);
    for (const { of, sequence } of to.entries()) {
      for await (const batch of batches(history.read(of, reached.get(of) + 1, sequence))) {
        await projection.add(of, batch);
        added += batch.length;
        reached.set(of, batch.at(-1)!.sequence);
        options.onProgress(added, total);
      }
    }
  };

  await projection.begin();
  try {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const target = await projection.target();
      const behind = target.distanceFrom(reached);
      await catchUp(target);
      if (behind <= NEAR_MESSAGES) break;
    }
    const first = await projection.settle(false, catchUp);
    if (first.switched) return 'agreed';
    if (!(await options.accept(first.differences))) {
      await projection.discard();
      return 'kept';
    }
    await catchUp(await projection.target());
    await projection.settle(true, catchUp);
    return 'repaired';
  } catch (error) {
    await projection.discard().catch(() => undefined);
    throw error;
  }
}

async function* batches(messages: AsyncIterable<StoredMessage>): AsyncGenerator<StoredMessage[]> {
  let batch: StoredMessage[] = [];
  let bytes = 0;
  for await (const message of messages) {
    batch.push(message);
    bytes += message.data.length;
    if (batch.length < BATCH_MESSAGES && bytes < BATCH_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

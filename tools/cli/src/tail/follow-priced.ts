import { DeliverPolicy, type JetStreamClient } from '@nats-io/jetstream';
import { pricedStream } from '@ledgerline/contracts';
import { readItems } from './read-items.js';
import { type TailItem } from './tail-item.js';

/** Messages held ahead of what has been shown, by partition. */
const PREFETCH_MESSAGES = 8;
const INACTIVE_NS = 60_000_000_000;

export interface Follow {
  readonly generation: number;
  readonly partitions: readonly number[];
  /** Where to begin, microseconds since the epoch; undefined: with what comes next. */
  readonly sinceUs?: number;
  readonly signal: AbortSignal;
  /** Shows an item; the next message waits until it is shown. */
  readonly show: (item: TailItem) => void | Promise<void>;
  /** Every partition is followed from here on. */
  readonly onFollowing?: () => void;
}

/** Follows the PRICED streams until the signal aborts. Partitions are independent: each is in its own order. */
export async function followPriced(js: JetStreamClient, { generation, partitions, sinceUs, signal, show, onFollowing }: Follow): Promise<void> {
  const start = sinceUs === undefined ? { deliver_policy: DeliverPolicy.New } : { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(Math.floor(sinceUs / 1000)).toISOString() };
  const followed = await Promise.all(
    partitions.map(async (partition) => {
      const consumer = await js.consumers.get(pricedStream(generation, partition), { ...start, inactive_threshold: INACTIVE_NS });
      return { partition, consumer, messages: await consumer.consume({ max_messages: PREFETCH_MESSAGES }) };
    }),
  );
  const stop = (): void => followed.forEach(({ messages }) => messages.stop());
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  onFollowing?.();
  try {
    await Promise.all(
      followed.map(async ({ partition, messages }) => {
        for await (const message of messages) {
          const timestampUs = Number(message.timestampNanos / 1000n);
          for (const item of readItems(message.data, partition, message.seq, timestampUs)) {
            if (signal.aborted) return;
            await show(item);
          }
        }
      }),
    );
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
    await Promise.all(followed.map(({ consumer }) => consumer.delete().catch(() => false)));
  }
}

import { DeliverPolicy, type JetStreamClient } from '@nats-io/jetstream';
import { streamInfo } from '@ledgerline/messaging';
import { type StreamMessage } from '../walk-partition.js';

/** Messages asked for ahead: some MiB of envelopes, so that decoding never waits for a round trip. */
const PREFETCH_MESSAGES = 64;
const INACTIVE_NS = 60_000_000_000;

/**
 * Reads a stream from its beginning, in order, through an ordered consumer that the broker forgets afterwards.
 * Ends at `upTo`, or where the stream ended when reading began: it never waits for what is not there yet.
 */
export async function* readStream(js: JetStreamClient, stream: string, upTo = Number.MAX_SAFE_INTEGER): AsyncGenerator<StreamMessage> {
  const state = await streamInfo(await js.jetstreamManager(), stream);
  const last = Math.min(upTo, state.lastSequence);
  if (state.messages === 0 || state.firstSequence > last) return;
  const consumer = await js.consumers.get(stream, { deliver_policy: DeliverPolicy.All, inactive_threshold: INACTIVE_NS });
  const messages = await consumer.consume({ max_messages: PREFETCH_MESSAGES });
  try {
    for await (const message of messages) {
      const { streamSequence, pending } = message.info;
      if (streamSequence > last) return;
      yield { sequence: streamSequence, timestampUs: Number(message.timestampNanos / 1000n), data: message.data };
      if (streamSequence === last || pending === 0) return;
    }
  } finally {
    await messages.close();
    await consumer.delete().catch(() => false);
  }
}

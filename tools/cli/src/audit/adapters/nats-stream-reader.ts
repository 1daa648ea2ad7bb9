import { DeliverPolicy, JetStreamApiError, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import { usageStream } from '@ledgerline/contracts';
import { readMessage, streamInfo } from '@ledgerline/messaging';
import { type PricedState } from '../sources.js';
import { type StreamMessage } from '../walk-partition.js';

/** Messages asked for ahead: some MiB of envelopes, so that decoding never waits for a round trip. */
const PREFETCH_MESSAGES = 64;
const INACTIVE_NS = 60_000_000_000;
const NO_SUCH_STREAM = 10059;

/**
 * Reads a stream in order through an ordered consumer that the broker forgets afterwards. Begins at `from`, or where the stream begins.
 * Ends at `upTo`, or where the stream ended when reading began: it never waits for what is not there yet.
 */
export async function* readStream(js: JetStreamClient, stream: string, from: number, upTo = Number.MAX_SAFE_INTEGER): AsyncGenerator<StreamMessage> {
  const state = await streamInfo(await js.jetstreamManager(), stream);
  const first = Math.max(from, state.firstSequence);
  const last = Math.min(upTo, state.lastSequence);
  if (state.messages === 0 || first > last) return;
  const consumer = await js.consumers.get(stream, { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: first, inactive_threshold: INACTIVE_NS });
  const messages = await consumer.consume({ max_messages: PREFETCH_MESSAGES });
  try {
    for await (const message of messages) {
      const { streamSequence, pending } = message.info;
      if (streamSequence > last) return;
      yield { sequence: streamSequence, timestampUs: Number(message.timestampNanos / 1000n), subject: message.subject, data: message.data };
      if (streamSequence === last || pending === 0) return;
    }
  } finally {
    await messages.close();
    await consumer.delete().catch(() => false);
  }
}

/** A stream's bounds; one that does not exist is an empty one. */
export async function readStreamState(jsm: JetStreamManager, stream: string): Promise<PricedState> {
  try {
    const { firstSequence, lastSequence, streamId } = await streamInfo(jsm, stream);
    return { first: firstSequence, last: lastSequence, streamId };
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === NO_SUCH_STREAM) return { first: 1, last: 0, streamId: '' };
    throw error;
  }
}

/** The last sequence whose message was stored before a time; at least the one before the first that is there. */
export async function lastBefore(jsm: JetStreamManager, stream: string, timeUs: number): Promise<number> {
  const { first, last } = await readStreamState(jsm, stream);
  let [before, atOrAfter] = [first - 1, last + 1];
  while (atOrAfter - before > 1) {
    const middle = Math.floor((before + atOrAfter) / 2);
    const message = await readMessage(jsm, stream, middle);
    // One that has just been trimmed is old.
    if (message === null || message.timestampUs < timeUs) before = middle;
    else atOrAfter = middle;
  }
  return before;
}

/** Brokers that take the lead after each other do not have the same clock. */
const CLOCKS_APART_US = 86_400_000_000;

/** A time before which nothing of what a generation's USAGE holds, or will hold, was recorded; 0 where that cannot be told. Microseconds since the epoch. */
export async function recordedSince(jsm: JetStreamManager, generation: number, partitions: number): Promise<number> {
  const times = Array.from({ length: partitions }, async (_, partition) => {
    const stream = usageStream(generation, partition);
    const { first, last } = await readStreamState(jsm, stream);
    const message = first > last ? null : await readMessage(jsm, stream, first);
    return message?.timestampUs ?? 0;
  });
  return Math.max(0, Math.min(...(await Promise.all(times))) - CLOCKS_APART_US);
}

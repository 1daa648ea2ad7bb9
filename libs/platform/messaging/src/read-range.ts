import { DeliverPolicy, type JetStreamClient } from '@nats-io/jetstream';
import { SequenceGapError } from './partition-reader.js';
import { type StoredMessage } from './read-stream.js';

const PULL_MESSAGES = 32;
const PULL_EXPIRES_MS = 5_000;
const INACTIVE_NS = 30_000_000_000;

/**
 * Reads the messages [from..to] of a stream in order. Both must exist; a sequence that is skipped is a SequenceGapError, and no message
 * within 5 s an error, so that a replay never ends early without saying so.
 */
export async function* readRange(js: JetStreamClient, stream: string, from: number, to: number): AsyncGenerator<StoredMessage> {
  if (from > to) return;
  const consumer = await js.consumers.get(stream, { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: from, inactive_threshold: INACTIVE_NS });
  try {
    for (let next = from; next <= to;) {
      const before = next;
      for await (const message of await consumer.fetch({ max_messages: Math.min(PULL_MESSAGES, to - next + 1), expires: PULL_EXPIRES_MS })) {
        if (message.seq !== next) throw new SequenceGapError(stream, next, message.seq);
        next++;
        yield { sequence: message.seq, timestampUs: Number(message.timestampNanos / 1000n), subject: message.subject, data: message.data };
      }
      if (next === before) throw new Error(`${stream}: message ${next} did not arrive within ${PULL_EXPIRES_MS} ms`);
    }
  } finally {
    await consumer.delete().catch(() => false);
  }
}

import { SpanKind, startSpan } from '@ledgerline/telemetry';
import { type PartitionBatch } from './batch-consumer.js';

const MAX_LINKS = 16;

/**
 * Runs a batch's handler inside a span: a child of the first traced message, linked to the other traces in the batch,
 * so that a request can be followed through every batch it took part in. The batch carries the span on.
 */
export async function traceBatch<T>(name: string, batch: PartitionBatch, handle: (batch: PartitionBatch) => Promise<T>): Promise<T> {
  const [parent, ...others] = new Set(batch.messages.flatMap((message) => message.traceparent ?? []));
  const span = startSpan(name, {
    parent,
    kind: SpanKind.CONSUMER,
    links: others.slice(0, MAX_LINKS),
    attributes: { 'messaging.system': 'nats', 'messaging.batch.message_count': batch.messages.length },
  });
  try {
    const result = await handle({ ...batch, traceparent: span.traceparent });
    span.end();
    return result;
  } catch (error) {
    span.end(error);
    throw error;
  }
}

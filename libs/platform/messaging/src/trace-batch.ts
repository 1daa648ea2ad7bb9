import { context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type PartitionBatch } from './batch-consumer.js';
import { contextOf } from './trace-context.js';

const MAX_LINKS = 16;

/**
 * Runs a batch's handler inside a span: a child of the first traced message, linked to the other traces in the batch,
 * so that a request can be followed through every batch it took part in.
 */
export async function traceBatch<T>(name: string, batch: PartitionBatch, handle: () => Promise<T>): Promise<T> {
  const traced = [...new Set(batch.messages.flatMap((message) => message.traceparent ?? []))];
  const parent = traced[0] === undefined ? ROOT_CONTEXT : contextOf(traced[0]);
  const links = traced.slice(1, 1 + MAX_LINKS).flatMap((traceparent) => {
    const spanContext = trace.getSpanContext(contextOf(traceparent));
    return spanContext === undefined ? [] : [{ context: spanContext }];
  });
  const attributes = { 'messaging.system': 'nats', 'messaging.batch.message_count': batch.messages.length };
  const span = trace.getTracer('@ledgerline/messaging').startSpan(name, { kind: SpanKind.CONSUMER, links, attributes }, parent);
  try {
    return await context.with(trace.setSpan(parent, span), handle);
  } catch (error) {
    fail(span, error as Error);
    throw error;
  } finally {
    span.end();
  }
}

function fail(span: Span, error: Error): void {
  span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
}

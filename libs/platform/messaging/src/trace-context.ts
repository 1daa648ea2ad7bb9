import { context, type Context, propagation, ROOT_CONTEXT, trace, type TextMapGetter, type TextMapSetter } from '@opentelemetry/api';
import { type MsgHdrs } from '@nats-io/nats-core';

const setter: TextMapSetter<MsgHdrs> = { set: (headers, key, value) => headers.set(key, value) };
const getter: TextMapGetter<{ traceparent: string }> = {
  keys: (carrier) => Object.keys(carrier),
  get: (carrier, key) => (key === 'traceparent' ? carrier.traceparent : undefined),
};

/** Writes the active trace context into message headers (nothing when no span is active). */
export function injectTraceContext(headers: MsgHdrs): void {
  if (trace.getActiveSpan() !== undefined) propagation.inject(context.active(), headers, setter);
}

/** The context that a `traceparent` header names. */
export function contextOf(traceparent: string): Context {
  return propagation.extract(ROOT_CONTEXT, { traceparent }, getter);
}

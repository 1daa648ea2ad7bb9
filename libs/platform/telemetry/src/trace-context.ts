import {
  type Attributes,
  context,
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';

/** `00-<32 hex trace id>-<16 hex span id>-<2 hex flags>`, as in W3C Trace Context. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The W3C `traceparent` of a span (by default the active one), or undefined when there is no valid trace. */
export function injectTrace(span: Span | undefined = trace.getActiveSpan()): string | undefined {
  const spanContext = span?.spanContext();
  if (!spanContext || !isSpanContextValid(spanContext)) return undefined;
  const flags = (spanContext.traceFlags & 0xff).toString(16).padStart(2, '0');
  return `00-${spanContext.traceId}-${spanContext.spanId}-${flags}`;
}

/** A context whose parent is the span named by `traceparent`; the root context for a missing or malformed one. */
export function extractTrace(traceparent: string | undefined): Context {
  const match = traceparent === undefined ? null : TRACEPARENT.exec(traceparent);
  if (!match) return ROOT_CONTEXT;
  const spanContext = { traceId: match[1]!, spanId: match[2]!, traceFlags: parseInt(match[3]!, 16) & TraceFlags.SAMPLED, isRemote: true };
  return isSpanContextValid(spanContext) ? trace.setSpanContext(ROOT_CONTEXT, spanContext) : ROOT_CONTEXT;
}

/** A span that was begun and must be ended once. */
export interface StartedSpan {
  readonly span: Span;
  /** To hand on in a message header. */
  readonly traceparent: string | undefined;
  /** Ends the span; with an error it is marked failed. */
  end(error?: unknown): void;
}

export interface StartSpanOptions {
  /** `traceparent` of the caller; without it the active context is the parent. */
  parent?: string;
  kind?: SpanKind;
  attributes?: Attributes;
  /** Traces this work also belongs to (a batch made of many requests). */
  links?: readonly string[];
}

/** Begins a span. Costs about a microsecond when its trace is not sampled. */
export function startSpan(name: string, options: StartSpanOptions = {}): StartedSpan {
  const parent = options.parent === undefined ? context.active() : extractTrace(options.parent);
  const links = (options.links ?? []).flatMap((link) => {
    const linked = trace.getSpanContext(extractTrace(link));
    return linked ? [{ context: linked }] : [];
  });
  const kind = options.kind ?? SpanKind.INTERNAL;
  const span = trace.getTracer('ledgerline').startSpan(name, { kind, attributes: options.attributes, links }, parent);
  return {
    span,
    traceparent: injectTrace(span),
    end(error) {
      if (error !== undefined) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
      }
      span.end();
    },
  };
}

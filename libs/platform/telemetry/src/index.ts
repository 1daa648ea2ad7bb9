export { startTelemetry, type Telemetry, type TelemetryOptions } from './start-telemetry.js';
export { extractTrace, injectTrace, type StartedSpan, startSpan, type StartSpanOptions } from './trace-context.js';
export { type Attributes, type Counter, type Histogram, type Meter, type Span, SpanKind } from '@opentelemetry/api';

import { type Meter, trace } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';

/** What a service says about itself in every metric and span. */
export interface TelemetryOptions {
  service: string;
  instanceId: string;
  /** Base URL of an OTLP/HTTP collector. Without one, spans carry context onwards but are exported nowhere. */
  otlpEndpoint?: string;
  /** Share of new traces that are recorded, 0..1. A caller's own decision (its traceparent) wins. */
  sampleRatio: number;
}

/** Running telemetry of one service. */
export interface Telemetry {
  readonly meter: Meter;
  /** Whether spans go anywhere; a hot path without a caller's trace need not begin one otherwise. */
  readonly exporting: boolean;
  /** The current metrics in Prometheus text format 0.0.4. */
  metricsText(): Promise<string>;
  /** Flushes spans that are still buffered; never throws, never takes more than 2 s. */
  shutdown(): Promise<void>;
}

const SHUTDOWN_LIMIT_MS = 2_000;

/**
 * Starts the OpenTelemetry SDK: a meter whose reader is the Prometheus exporter without a server of its own, and a tracer with
 * parent-based ratio sampling. Nothing is instrumented automatically: patched drivers would cost more than the hot paths have.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const resource = resourceFromAttributes({
    [ATTR_SERVICE_NAME]: options.service,
    'service.instance.id': options.instanceId,
  });
  const reader = new PrometheusExporter({ preventServerStart: true });
  const serializer = new PrometheusSerializer('', false);
  const meters = new MeterProvider({ resource, readers: [reader] });
  const tracers = new TracerProvider({
    resource,
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampleRatio) }),
    spanProcessors: await spanProcessors(options.otlpEndpoint),
  });
  trace.setGlobalTracerProvider(tracers);
  return {
    meter: meters.getMeter('ledgerline'),
    exporting: Boolean(options.otlpEndpoint),
    metricsText: async () => serializer.serialize((await reader.collect()).resourceMetrics),
    shutdown: () => within(SHUTDOWN_LIMIT_MS, Promise.allSettled([tracers.shutdown(), meters.shutdown()])),
  };
}

/** The exporter is loaded only when it is used: it costs memory in every process. */
async function spanProcessors(otlpEndpoint: string | undefined): Promise<SpanProcessor[]> {
  if (!otlpEndpoint) return [];
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
  const url = `${otlpEndpoint.replace(/\/+$/, '')}/v1/traces`;
  return [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }) })];
}

async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, limitMs)))]);
  clearTimeout(timer);
}

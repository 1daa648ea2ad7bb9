import { randomBytes } from 'node:crypto';
import { z } from 'zod';

/** What every service needs to know; a service extends it with its own variables. */
export const serviceConfig = z.object({
  HOST: z.string().default('127.0.0.1'),
  /** 0 takes a free port. */
  PORT: z.coerce.number('expected a port number').int().min(0).max(65_535),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  /** Names this copy in logs, leases and metrics; short enough for Postgres's application_name. */
  INSTANCE_ID: z.string().max(36).default(() => randomBytes(6).toString('hex')),
  NATS_URL: z.string().regex(/^(nats|tls|wss?):\/\//, 'expected nats://HOST:PORT').default('nats://127.0.0.1:4222'),
  DATABASE_URL: z.string('expected postgres://USER:PASSWORD@HOST:PORT/DATABASE').regex(/^postgres(ql)?:\/\//, 'expected postgres://USER:PASSWORD@HOST:PORT/DATABASE'),
  /** Base URL of an OTLP/HTTP collector; without it no trace leaves the process. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/, error: 'expected http(s)://HOST:PORT' }).optional(),
  /** Share of traces begun here that are recorded. */
  TRACE_SAMPLE_RATIO: z.coerce.number('expected a number from 0 to 1').min(0).max(1).default(0.01),
  /** A request whose head and body have not arrived by then is answered 408 and its connection closed. */
  REQUEST_TIMEOUT_MS: z.coerce.number('expected milliseconds').int().min(100).max(300_000).default(20_000),
});

export type ServiceConfig = z.infer<typeof serviceConfig>;

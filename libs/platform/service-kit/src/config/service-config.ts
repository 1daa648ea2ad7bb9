import { randomBytes } from 'node:crypto';
import { z } from 'zod';

const list = z
  .string()
  .default('')
  .transform((text) => text.split(',').map((one) => one.trim()).filter((one) => one !== ''));

const origins = list.refine((all) => all.every(isOrigin), 'expected exact origins such as https://console.example.com, separated by commas');

/** `https://HOST` or `https://HOST:PORT`, written as a browser sends it. */
function isOrigin(text: string): boolean {
  return /^https?:[^*]*$/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

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
  /** Pages of these origins may ask from a browser, separated by commas; none without it. */
  CORS_ORIGINS: origins,
  /** For how long browsers that came by TLS come by nothing else, seconds; 0 says nothing of it. */
  HSTS_MAX_AGE_S: z.coerce.number('expected seconds').int('expected whole seconds').min(0).max(63_072_000).default(0),
  /** Whose JWTs are taken beside API keys, the `iss` that they carry; without it none is. */
  AUTH_ISSUER: z.url({ protocol: /^https?$/, error: 'expected http(s)://HOST' }).optional(),
  /** Where the issuer's public keys are. Default: `/.well-known/jwks.json` of the issuer. */
  AUTH_JWKS_URL: z.url({ protocol: /^https?$/, error: 'expected http(s)://HOST/PATH' }).optional(),
  /** What `aud` has to name; not looked at without it. */
  AUTH_AUDIENCE: z.string().min(1).optional(),
  /** What `azp` may be where a token has one, separated by commas; not looked at without it. */
  AUTH_AUTHORIZED_PARTIES: list,
  /** The claim with the customer's id, such as `org_id` or `o.id`; without it memberships decide. */
  AUTH_CUSTOMER_CLAIM: z.string().min(1).optional(),
  /** The claim with the role within the customer, such as `org_role`. */
  AUTH_ROLE_CLAIM: z.string().min(1).optional(),
  /** Roles that administer their customer, separated by commas; every other uses it. */
  AUTH_ADMIN_ROLES: list.prefault('admin,org:admin'),
});

export type ServiceConfig = z.infer<typeof serviceConfig>;

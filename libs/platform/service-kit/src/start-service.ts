import { type DynamicModule, type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type CustomTransportStrategy } from '@nestjs/microservices';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { systemClock } from '@ledgerline/kernel';
import { startTelemetry } from '@ledgerline/telemetry';
import { type FastifyInstance } from 'fastify';
import { type AddressInfo } from 'node:net';
import { type Logger } from 'pino';
import { type z } from 'zod';
import { installKeyAuth } from './auth/key-auth.js';
import { KeySnapshot } from './auth/key-snapshot.js';
import { RateLimits } from './auth/rate-limits.js';
import { TokenVerifier } from './auth/token-verifier.js';
import { loadConfig } from './config/load-config.js';
import { type ServiceConfig } from './config/service-config.js';
import { registerProcessMetrics } from './health/process-metrics.js';
import { Readiness } from './health/readiness.js';
import { installCors } from './http/cors.js';
import { createHttpAdapter } from './http/create-http-adapter.js';
import { drainConnections } from './http/drain-connections.js';
import { installOperationalRoutes } from './http/operational-routes.js';
import { ProblemFilter } from './http/problem-filter.js';
import { installRequestMetrics } from './http/request-metrics.js';
import { installRequestTrace } from './http/request-trace.js';
import { installSecurityHeaders, securityHeaders } from './http/security-headers.js';
import { KitModule } from './kit.module.js';
import { createLogger } from './logging/create-logger.js';
import { NestLogger } from './logging/nest-logger.js';
import { installServiceDocument } from './openapi/service-document.js';

export interface ServiceOptions<S extends z.ZodObject> {
  name: string;
  schema: S;
  module: (config: z.infer<S>) => DynamicModule;
  /** Consumers, connected once the module is initialised and the service listens. */
  strategies?: (app: INestApplication) => CustomTransportStrategy[];
  /** Largest request body, bytes; 1 MiB unless told. */
  bodyLimitBytes?: number;
  /** Adds content type parsers and the like to the server before any route is registered. */
  http?: (fastify: FastifyInstance, config: z.infer<S>) => void;
}

/** A service that listens. */
export interface RunningService {
  readonly app: NestFastifyApplication;
  /** `http://HOST:PORT` as bound. */
  readonly url: string;
  readonly readiness: Readiness;
  readonly logger: Logger;
  /** Not ready, no new work, what is in flight finished, connections closed. */
  close(): Promise<void>;
}

const DEFAULT_BODY_LIMIT_BYTES = 1024 * 1024;

/**
 * Builds a service from its environment and starts it; resolves once it listens.
 *
 * @throws ConfigError for a bad environment, and whatever a provider throws while it is made
 */
export async function startService<S extends z.ZodObject>(options: ServiceOptions<S>, env: NodeJS.ProcessEnv): Promise<RunningService> {
  const config = loadConfig(options.schema, env) as z.infer<S> & ServiceConfig;
  const { name } = options;
  const logger = createLogger(name, config.INSTANCE_ID, config.LOG_LEVEL);
  const telemetry = await startTelemetry({
    service: `ledgerline-${name}`,
    instanceId: config.INSTANCE_ID,
    otlpEndpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    sampleRatio: config.TRACE_SAMPLE_RATIO,
  });
  registerProcessMetrics(telemetry.meter);
  const readiness = new Readiness();
  const nowMs = (): number => systemClock.nowMs();
  const keys = new KeySnapshot(config.DATABASE_URL, `ledgerline-${name}/${config.INSTANCE_ID}`, logger, nowMs, config.AUTH_ISSUER !== undefined);
  const limits = new RateLimits();

  const headers = securityHeaders(config.HSTS_MAX_AGE_S);
  const adapter = createHttpAdapter({
    headers,
    bodyLimitBytes: options.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES,
    requestTimeoutMs: config.REQUEST_TIMEOUT_MS,
  });
  const fastify = adapter.getInstance<FastifyInstance>();
  installSecurityHeaders(fastify, headers);
  await installCors(fastify, config.CORS_ORIGINS);
  const connections = drainConnections(fastify);
  installRequestMetrics(fastify, telemetry.meter);
  installRequestTrace(fastify, telemetry);
  const auth = installKeyAuth(fastify, keys, limits, tokenVerifier(config, nowMs));
  installOperationalRoutes(fastify, name, readiness, telemetry);
  installServiceDocument(fastify);
  options.http?.(fastify, config);

  const kit = KitModule.forRoot({ name, config, logger, meter: telemetry.meter, readiness, limits });
  const app = await NestFactory.create<NestFastifyApplication>(root(kit, options.module(config)), adapter, {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  app.useGlobalFilters(new ProblemFilter(logger));

  const close = async (): Promise<void> => {
    readiness.drain();
    connections.begin();
    await app.close();
    connections.end();
    await keys.stop();
    await telemetry.shutdown();
  };
  // It listens before its consumers run, so that /readyz can say what they wait for.
  let started = false;
  readiness.register('started', () => (started ? { ok: true } : { ok: false, reason: 'the consumers are being started' }));
  try {
    await app.init();
    if (auth.guarded()) {
      readiness.register('keys', () => keys.check());
      keys.start();
    }
    await app.listen(config.PORT, config.HOST);
    for (const strategy of options.strategies?.(app) ?? []) app.connectMicroservice({ strategy }, { inheritAppConfig: false });
    await app.startAllMicroservices();
    started = true;
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
  const { port } = app.getHttpServer().address() as AddressInfo;
  const url = `http://${config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST}:${port}`;
  logger.info({ url }, 'listening');
  return { app, url, readiness, logger, close };
}

/** Null when no identity provider is configured. */
function tokenVerifier(config: ServiceConfig, nowMs: () => number): TokenVerifier | null {
  const { AUTH_ISSUER: issuer } = config;
  if (issuer === undefined) return null;
  const terms = {
    issuer,
    jwksUrl: config.AUTH_JWKS_URL ?? `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`,
    audience: config.AUTH_AUDIENCE,
    authorizedParties: config.AUTH_AUTHORIZED_PARTIES,
    customerClaim: config.AUTH_CUSTOMER_CLAIM,
    roleClaim: config.AUTH_ROLE_CLAIM,
    adminRoles: config.AUTH_ADMIN_ROLES,
  };
  return new TokenVerifier(terms, nowMs);
}

function root(...imports: DynamicModule[]): DynamicModule {
  return { module: RootModule, imports };
}

@Module({})
class RootModule {}

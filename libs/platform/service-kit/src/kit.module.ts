import { type DynamicModule, Module } from '@nestjs/common';
import { systemClock } from '@ledgerline/kernel';
import { POSTGRES_CONNECTION, type PostgresConnection } from '@ledgerline/postgres';
import { type Meter } from '@ledgerline/telemetry';
import { type Logger } from 'pino';
import { RateLimits } from './auth/rate-limits.js';
import { type ServiceConfig } from './config/service-config.js';
import { Readiness } from './health/readiness.js';
import { CLOCK, CONFIG, LOGGER, METER } from './tokens.js';

export interface KitParts {
  name: string;
  config: ServiceConfig;
  logger: Logger;
  meter: Meter;
  readiness: Readiness;
  limits: RateLimits;
}

/** What any part of a service may inject, wherever it stands. */
@Module({})
export class KitModule {
  static forRoot({ name, config, logger, meter, readiness, limits }: KitParts): DynamicModule {
    const postgres: PostgresConnection = {
      url: config.DATABASE_URL,
      applicationName: `ledgerline-${name}/${config.INSTANCE_ID}`,
      onError: (error) => logger.warn({ err: error }, 'Postgres cannot be reached'),
    };
    const providers = [
      { provide: CONFIG, useValue: config },
      { provide: LOGGER, useValue: logger },
      { provide: CLOCK, useValue: systemClock },
      { provide: METER, useValue: meter },
      { provide: Readiness, useValue: readiness },
      { provide: RateLimits, useValue: limits },
      { provide: POSTGRES_CONNECTION, useValue: postgres },
    ];
    return { module: KitModule, global: true, providers, exports: providers };
  }
}

import { type DynamicModule, Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { type Kysely } from 'kysely';
import { type Pool } from 'pg';
import { retryWhileUnreachable } from './connect-retry.js';
import { createKysely } from './create-kysely.js';
import { migrate, type MigrateOptions } from './migrate.js';
import { ANSWER_WITHIN_MS, createPool } from './pool.js';

/** DI token of the `Kysely<DB>`; it is handed out only after the schema is migrated. */
export const KYSELY = Symbol('KYSELY');
/** DI token of the `pg` `Pool` under it. */
export const PG_POOL = Symbol('PG_POOL');
/** DI token of the {@link PostgresConnection}; the service-kit provides it from the service's configuration. */
export const POSTGRES_CONNECTION = Symbol('POSTGRES_CONNECTION');

export interface PostgresConnection {
  url: string;
  applicationName: string;
  onError?: (error: Error) => void;
}

export interface PostgresModuleOptions extends MigrateOptions {
  /** Most connections of the pool; 10 unless told. */
  max?: number;
}

/** How long a starting service waits for a Postgres that is not up yet. */
const START_LIMIT_MS = 60_000;

/** On a connection of its own: what changes a large table may take longer than any other statement. */
async function bringUpToDate({ url, applicationName, onError }: PostgresConnection, options: MigrateOptions): Promise<void> {
  const kysely = createKysely<unknown>(createPool(url, { max: 1, applicationName, onError }));
  try {
    await retryWhileUnreachable(
      () => migrate(kysely, options),
      START_LIMIT_MS,
      (error) => onError?.(error as Error),
    );
  } finally {
    await kysely.destroy();
  }
}

/** Gives a service its pool and query builder, migrated to its newest version before anything that injects KYSELY is made. */
@Global()
@Module({})
export class PostgresModule implements OnApplicationShutdown {
  constructor(@Inject(KYSELY) private readonly kysely: Kysely<unknown>) {}

  static forRoot({ max, ...options }: PostgresModuleOptions): DynamicModule {
    return {
      module: PostgresModule,
      providers: [
        {
          provide: PG_POOL,
          inject: [POSTGRES_CONNECTION],
          useFactory: ({ url, applicationName, onError }: PostgresConnection) => createPool(url, { max, applicationName, onError, answerWithinMs: ANSWER_WITHIN_MS }),
        },
        {
          provide: KYSELY,
          inject: [PG_POOL, POSTGRES_CONNECTION],
          useFactory: async (pool: Pool, connection: PostgresConnection) => {
            await bringUpToDate(connection, options);
            return createKysely<unknown>(pool);
          },
        },
      ],
      exports: [PG_POOL, KYSELY],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.kysely.destroy();
  }
}

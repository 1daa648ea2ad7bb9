import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { type ClickHouseClient, createClickHouse } from '@ledgerline/clickhouse';
import { type Clock } from '@ledgerline/kernel';
import { connectNats, type NatsConnection } from '@ledgerline/messaging';
import { ANSWER_WITHIN_MS, createPool } from '@ledgerline/postgres';
import { CLOCK, LOGGER, Readiness } from '@ledgerline/service-kit';
import { type Pool } from 'pg';
import { type Logger } from 'pino';
import { ClickHouseExports } from './adapters/clickhouse-exports.js';
import { ClickHouseQuarantineReader } from './adapters/clickhouse-quarantine-reader.js';
import { ClickHouseUsageReader } from './adapters/clickhouse-usage-reader.js';
import { JetStreamAcknowledgedPositions } from './adapters/jetstream-acknowledged-positions.js';
import { PostgresMembers } from './adapters/postgres-members.js';
import { PostgresProjects } from './adapters/postgres-projects.js';
import { PostgresRetentionHorizon } from './adapters/postgres-retention-horizon.js';
import { PostgresStoredPositions } from './adapters/postgres-stored-positions.js';
import { Absence } from './application/absence.js';
import { FindEvent } from './application/find-event.js';
import { FindHeldItem } from './application/find-held-item.js';
import { FindHistory } from './application/find-history.js';
import { type UsageReader } from './application/ports.js';
import { type QuarantineReader } from './application/quarantine-reader.js';
import { ReadOwnWrites } from './application/read-own-writes.js';
import { StrongReader } from './application/strong-reader.js';
import { Visibility } from './application/visibility.js';
import { type ReadApiConfig } from './config.js';
import { EventsController } from './http/events.controller.js';
import { EntriesController } from './http/entries.controller.js';
import { LogsController } from './http/logs.controller.js';
import { ExportAnswers } from './http/export/export-answers.js';
import { PortalController } from './http/portal.controller.js';
import { QuarantineController } from './http/quarantine.controller.js';
import { RecordsController } from './http/records.controller.js';
import { SummariesController } from './http/summaries.controller.js';
import { ALL_PARTITIONS, EXPORTS, MEMBERS, PROJECTS, QUARANTINE_READER, USAGE_READER } from './tokens.js';

const CLICKHOUSE = Symbol('CLICKHOUSE');
const EXPORT_CLICKHOUSE = Symbol('EXPORT_CLICKHOUSE');
const NATS = Symbol('NATS');
const POOL = Symbol('POOL');

const MAX_CONNECTIONS = 4;
/** An export may wait for its first row while the store sorts, and for a reader that is slow. */
const EXPORT_TIMEOUT_MS = 10 * 60_000;

@Module({})
export class ReadApiModule implements OnApplicationShutdown {
  constructor(
    @Inject(CLICKHOUSE) private readonly clickHouse: ClickHouseClient,
    @Inject(EXPORT_CLICKHOUSE) private readonly exportClickHouse: ClickHouseClient,
    @Inject(NATS) private readonly nats: NatsConnection,
    @Inject(POOL) private readonly pool: Pool,
  ) {}

  static forRoot(config: ReadApiConfig): DynamicModule {
    const applicationName = `ledgerline-read-api/${config.INSTANCE_ID}`;
    return {
      module: ReadApiModule,
      controllers: [EventsController, QuarantineController, SummariesController, PortalController, EntriesController, RecordsController, LogsController],
      providers: [
        { provide: ALL_PARTITIONS, useValue: Array.from({ length: config.PARTITIONS }, (_, partition) => partition) },
        { provide: CLICKHOUSE, useFactory: () => createClickHouse({ url: config.CLICKHOUSE_URL, applicationName }) },
        { provide: EXPORT_CLICKHOUSE, useFactory: () => createClickHouse({ url: config.CLICKHOUSE_URL, applicationName: `${applicationName}/exports`, requestTimeoutMs: EXPORT_TIMEOUT_MS }) },
        { provide: EXPORTS, inject: [EXPORT_CLICKHOUSE], useFactory: (client: ClickHouseClient) => new ClickHouseExports(client) },
        { provide: ExportAnswers, useFactory: () => new ExportAnswers() },
        { provide: NATS, useFactory: () => connectNats(config.NATS_URL, applicationName) },
        {
          provide: POOL,
          inject: [LOGGER],
          useFactory: (logger: Logger) => createPool(config.DATABASE_URL, { max: MAX_CONNECTIONS, applicationName, answerWithinMs: ANSWER_WITHIN_MS, onError: (error) => logger.warn({ err: error }, 'Postgres cannot be reached') }),
        },
        { provide: USAGE_READER, inject: [CLICKHOUSE], useFactory: (client: ClickHouseClient) => new ClickHouseUsageReader(client) },
        { provide: MEMBERS, inject: [POOL], useFactory: (pool: Pool) => new PostgresMembers(pool) },
        { provide: PROJECTS, inject: [POOL], useFactory: (pool: Pool) => new PostgresProjects(pool) },
        { provide: QUARANTINE_READER, inject: [CLICKHOUSE], useFactory: (client: ClickHouseClient) => new ClickHouseQuarantineReader(client) },
        {
          provide: FindHeldItem,
          inject: [QUARANTINE_READER, ReadOwnWrites],
          useFactory: (reader: QuarantineReader, ownWrites: ReadOwnWrites) => new FindHeldItem(reader, ownWrites, config.GENERATION),
        },
        { provide: Visibility, inject: [POOL, NATS, CLOCK, CLICKHOUSE, Readiness], useFactory: createVisibility.bind(null, config) },
        {
          provide: StrongReader,
          inject: [USAGE_READER, Visibility, ALL_PARTITIONS],
          useFactory: (reader: UsageReader, visibility: Visibility, partitions: number[]) => new StrongReader(reader, visibility, partitions),
        },
        { provide: ReadOwnWrites, inject: [Visibility], useFactory: (visibility: Visibility) => new ReadOwnWrites(visibility, config.PARTITIONS) },
        { provide: Absence, inject: [POOL], useFactory: (pool: Pool) => new Absence(new PostgresRetentionHorizon(pool)) },
        ...[FindEvent, FindHistory].map((useCase) => ({
          provide: useCase,
          inject: [USAGE_READER, ReadOwnWrites, Absence],
          useFactory: (reader: UsageReader, ownWrites: ReadOwnWrites, absence: Absence) => new useCase(reader, ownWrites, absence),
        })),
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.nats.close(), this.clickHouse.close(), this.exportClickHouse.close(), this.pool.end()]);
  }
}

function createVisibility(config: ReadApiConfig, pool: Pool, nats: NatsConnection, clock: Clock, clickHouse: ClickHouseClient, readiness: Readiness): Visibility {
  const stored = new PostgresStoredPositions(pool, config.GENERATION);
  const acknowledged = new JetStreamAcknowledgedPositions(nats, config.GENERATION);
  const answers = (question: () => Promise<unknown>) => () => question().then(() => ({ ok: true }) as const);
  readiness.register('progress', answers(() => stored.read()));
  readiness.register('broker', answers(() => acknowledged.last(0)));
  readiness.register('store', answers(() => clickHouse.command({ query: 'SELECT 1 FROM usage_events LIMIT 0' })));
  return new Visibility({ partitions: config.PARTITIONS, stored, acknowledged, clock, waitMs: config.READ_WAIT_MS });
}

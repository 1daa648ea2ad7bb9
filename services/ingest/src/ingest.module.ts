import { createHmac } from 'node:crypto';
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { usageIdKey } from '@ledgerline/domain-metering';
import { type PriceBook, seedPriceBook } from '@ledgerline/domain-pricing';
import { type Clock } from '@ledgerline/kernel';
import { connectNats, ensureStreams, type NatsConnection } from '@ledgerline/messaging';
import { ANSWER_WITHIN_MS, createPool } from '@ledgerline/postgres';
import { CLOCK, LOGGER, Readiness } from '@ledgerline/service-kit';
import { type Pool } from 'pg';
import { type Logger } from 'pino';
import { JetStreamUsageLog } from './adapters/jetstream-usage-log.js';
import { PostgresKnownCustomers } from './adapters/postgres-known-customers.js';
import { PostgresKeyedRequests } from './adapters/postgres-keyed-requests.js';
import { PostgresMembers } from './adapters/postgres-members.js';
import { PostgresProjects } from './adapters/postgres-projects.js';
import { ReadApiEvents } from './adapters/read-api-events.js';
import { ReadApiHeldItems } from './adapters/read-api-held-items.js';
import { CorrectEvents } from './application/correct-events.js';
import { everybody, KNOWN_CUSTOMERS, type KnownCustomers } from './application/known-customers.js';
import { KEYED_REQUESTS, type KeyedRequests } from './application/keyed-requests.js';
import { MEMBERS } from './application/members.js';
import { PROJECTS } from './application/projects.js';
import { PartitionWriter } from './application/partition-writer.js';
import { SendTurns } from './application/send-turns.js';
import { RecordEvents } from './application/record-events.js';
import { RecordUsage } from './application/record-usage.js';
import { RECORDED_EVENTS, type RecordedEvents } from './application/recorded-events.js';
import { ResolveHeldItem } from './application/resolve-held-item.js';
import { USAGE_LOG, type UsageLog } from './application/usage-log.js';
import { type IngestConfig } from './config.js';
import { CorrectionsController } from './http/corrections.controller.js';
import { CreditsController } from './http/credits.controller.js';
import { EventsController } from './http/events.controller.js';
import { EntriesController } from './http/entries.controller.js';
import { LogsController } from './http/logs.controller.js';
import { PortalController } from './http/portal.controller.js';
import { PRICE_BOOK } from './http/price-book.js';
import { QuarantineController } from './http/quarantine.controller.js';
import { RecordsController } from './http/records.controller.js';
import { TakeUsage } from './http/take-usage.js';

const BROKER = Symbol('BROKER');
const DIALECT_POOL = Symbol('DIALECT_POOL');
/** What dialects ask for: whose a project or user is, and whether a request came before. */
const DIALECT_CONNECTIONS = 4;

@Module({})
export class IngestModule implements OnApplicationShutdown {
  constructor(
    @Inject(BROKER) private readonly nc: NatsConnection,
    @Inject(DIALECT_POOL) private readonly pool: Pool,
  ) {}

  static forRoot(config: IngestConfig): DynamicModule {
    return {
      module: IngestModule,
      controllers: [EventsController, CorrectionsController, CreditsController, QuarantineController, PortalController, RecordsController, LogsController, EntriesController],
      providers: [
        { provide: BROKER, useFactory: () => broker(config) },
        {
          provide: USAGE_LOG,
          inject: [BROKER, Readiness],
          useFactory: (nc: NatsConnection, readiness: Readiness): UsageLog => {
            const log = new JetStreamUsageLog(nc, config.GENERATION, config.PUBLISH_TIMEOUT_MS);
            readiness.register('broker', () => (log.available ? { ok: true } : { ok: false, reason: 'NATS cannot be reached' }));
            return log;
          },
        },
        {
          provide: KNOWN_CUSTOMERS,
          inject: [LOGGER, Readiness],
          useFactory: (logger: Logger, readiness: Readiness) => knownCustomers(config, logger, readiness),
        },
        {
          provide: RecordEvents,
          inject: [USAGE_LOG, KNOWN_CUSTOMERS, CLOCK],
          useFactory: (log: UsageLog, customers: KnownCustomers, clock: Clock) =>
            new RecordEvents(usageIdKey(config.USAGE_ID_KEY), writersOf(config, log), customers, clock, keyHash(config.USAGE_ID_KEY)),
        },
        { provide: DIALECT_POOL, useFactory: () => openPool(config, 'dialects', DIALECT_CONNECTIONS) },
        { provide: PROJECTS, inject: [DIALECT_POOL], useFactory: (pool: Pool) => new PostgresProjects(pool) },
        { provide: MEMBERS, inject: [DIALECT_POOL], useFactory: (pool: Pool) => new PostgresMembers(pool) },
        { provide: KEYED_REQUESTS, inject: [DIALECT_POOL, LOGGER], useFactory: (pool: Pool, logger: Logger) => new PostgresKeyedRequests(pool, logger) },
        {
          provide: RecordUsage,
          inject: [RecordEvents, KEYED_REQUESTS, PRICE_BOOK, CLOCK],
          useFactory: (events: RecordEvents, keyed: KeyedRequests, book: PriceBook, clock: Clock) => new RecordUsage(events, keyed, book, clock),
        },
        TakeUsage,
        { provide: PRICE_BOOK, useFactory: () => seedPriceBook(config.FIRECRAWL_USD_PER_CREDIT) },
        { provide: RECORDED_EVENTS, useFactory: () => new ReadApiEvents(config.READ_API_URL) },
        {
          provide: CorrectEvents,
          inject: [USAGE_LOG, RECORDED_EVENTS, CLOCK],
          useFactory: (log: UsageLog, recorded: RecordedEvents, clock: Clock) =>
            new CorrectEvents(usageIdKey(config.USAGE_ID_KEY), config.GENERATION, config.PARTITIONS, log, recorded, clock),
        },
        {
          provide: ResolveHeldItem,
          inject: [RecordEvents, USAGE_LOG, CLOCK],
          useFactory: (events: RecordEvents, log: UsageLog, clock: Clock) =>
            new ResolveHeldItem(new ReadApiHeldItems(config.READ_API_URL), events, log, clock, config.GENERATION),
        },
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.nc.drain(), this.pool.end()]);
  }
}

/** Another use of the deployment's secret, so another key is derived from it. */
const keyHash = (secret: string) => (key: string): string => createHmac('sha256', `api_key_used ${secret}`).update(key).digest('hex').slice(0, 32);

async function broker(config: IngestConfig): Promise<NatsConnection> {
  const nc = await connectNats(config.NATS_URL, `ledgerline-ingest/${config.INSTANCE_ID}`);
  await ensureStreams(nc, { generation: config.GENERATION, partitions: config.PARTITIONS, maxBytes: config.STREAM_MAX_BYTES, kinds: ['USAGE'] });
  return nc;
}

function writersOf(config: IngestConfig, log: UsageLog): PartitionWriter[] {
  const limits = { maxEvents: config.ENVELOPE_MAX_EVENTS, flushBytes: config.ENVELOPE_FLUSH_BYTES };
  const turns = new SendTurns(config.SEND_INTERVAL_MS);
  return Array.from({ length: config.PARTITIONS }, (_, partition) => new PartitionWriter(config.GENERATION, partition, log, limits, turns));
}

async function knownCustomers(config: IngestConfig, logger: Logger, readiness: Readiness): Promise<KnownCustomers> {
  if (config.UNKNOWN_CUSTOMERS === 'create') return everybody;
  const customers = new PostgresKnownCustomers(openPool(config, 'customers', 1), logger);
  await customers.start();
  readiness.register('customers', () => (customers.loaded ? { ok: true } : { ok: false, reason: 'the list of customers is not read yet' }));
  return customers;
}

function openPool(config: IngestConfig, purpose: string, max: number): Pool {
  return createPool(config.DATABASE_URL, { max, applicationName: `ledgerline-ingest/${config.INSTANCE_ID}/${purpose}`, answerWithinMs: ANSWER_WITHIN_MS });
}

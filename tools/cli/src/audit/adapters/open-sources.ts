import { jetstream } from '@nats-io/jetstream';
import { createClickHouse } from '@ledgerline/clickhouse';
import { pricedStream, usageIdText, usageStream } from '@ledgerline/contracts';
import { usageIdKey, writeUsageId } from '@ledgerline/domain-metering';
import { type SipKey } from '@ledgerline/kernel';
import { connectNats, readMessage } from '@ledgerline/messaging';
import { createPool } from '@ledgerline/postgres';
import { type EventsById } from '../../ledger/check-ledger.js';
import { ClickHouseEventsById } from '../../ledger/clickhouse-events-by-id.js';
import { type Identify } from '../../ledger/ledger-line.js';
import { type AuditSources, type Sequences } from '../sources.js';
import { type Stretch, type Walk, walkPartition } from '../walk-partition.js';
import { digestOf } from '../walker.js';
import { readStoredPartitions, readSummaries } from './clickhouse-usage-reader.js';
import { lastBefore, readStream, readStreamState } from './nats-stream-reader.js';
import { PostgresBaseline } from './postgres-baseline.js';
import { readGenerations, readRowsProgress, readQuotaSnapshot } from './postgres-quota-reader.js';

/** Where the servers are, and how the log is laid out. */
export interface StackAddress {
  readonly natsUrl: string;
  readonly databaseUrl: string;
  readonly clickhouseUrl: string;
  readonly generation: number;
  readonly partitions: number;
  /** 32 hex digits; with it, every counted event's usage_id is computed anew. */
  readonly usageIdKey?: string;
}

const NAME = 'ledgerline-audit';
const FIRST_CONNECT_MS = 5_000;
const QUERY_TIMEOUT_MS = 600_000;

/** The servers, opened: what the audit reads, and what a ledger is held against. */
export interface OpenSources extends AuditSources {
  /** The last USAGE sequence of each partition at this moment. */
  usageLast(): Promise<Sequences>;
  readonly eventsById: EventsById;
  /** Missing where the key of identities is not known. */
  readonly identify?: Identify;
  close(): Promise<void>;
}

/** Opens the three servers for reading. Close them with `close()`. */
export async function openAuditSources(address: StackAddress): Promise<OpenSources> {
  const nats = await connectNats(address.natsUrl, NAME, FIRST_CONNECT_MS);
  const pool = createPool(address.databaseUrl, { applicationName: NAME, max: 2 });
  const clickhouse = createClickHouse({ url: address.clickhouseUrl, applicationName: NAME, requestTimeoutMs: QUERY_TIMEOUT_MS });
  const js = jetstream(nats);
  const jsm = await js.jetstreamManager();
  const { generation, partitions } = address;
  const key = address.usageIdKey === undefined ? undefined : usageIdKey(address.usageIdKey);
  const walk = async (stretch: Stretch, onProgress?: (sequence: number) => void): Promise<Walk> => {
    const { partition, after, cut } = stretch;
    const usage = usageStream(generation, partition);
    return walkPartition({
      ...stretch,
      generation,
      partitions,
      key,
      onProgress,
      priced: cut <= after ? readNothing() : readStream(js, pricedStream(generation, partition), after + 1, cut),
      usageFirst: (await readStreamState(jsm, usage)).first,
      usage: (from) => readStream(js, usage, from),
    });
  };
  return {
    generation,
    partitions,
    baselines: new PostgresBaseline(pool, generation),
    quotaSnapshot: () => readQuotaSnapshot(pool, generation),
    rowsProgress: () => readRowsProgress(pool, generation),
    priced: (partition) => readStreamState(jsm, pricedStream(generation, partition)),
    pricedBefore: (partition, timeUs) => lastBefore(jsm, pricedStream(generation, partition), timeUs),
    pricedDigest: async (partition, sequence) => {
      const message = await readMessage(jsm, pricedStream(generation, partition), sequence);
      return message && digestOf(message.data);
    },
    walk,
    storedPartitions: (ranges, strays) => readStoredPartitions(clickhouse, generation, ranges, strays),
    summaries: async (sourceTo) => {
      const otherGenerations = (await readGenerations(pool)).some((other) => other !== generation);
      return readSummaries(clickhouse, { generation, sourceTo, otherGenerations });
    },
    usageLast: async () => {
      const all = Array.from({ length: partitions }, async (_, partition) => [partition, (await readStreamState(jsm, usageStream(generation, partition))).last] as const);
      return new Map(await Promise.all(all));
    },
    eventsById: new ClickHouseEventsById(clickhouse),
    identify: key && (({ customer, source, id }) => usageIdText(usageIdOf(key, customer, source, id))),
    close: async () => {
      await Promise.all([nats.close(), pool.end(), clickhouse.close()]);
    },
  };
}

function usageIdOf(key: SipKey, customer: string, source: string, id: string): Uint8Array {
  const usageId = new Uint8Array(16);
  writeUsageId(key, customer, source, id, usageId);
  return usageId;
}

async function* readNothing(): AsyncGenerator<never> {}

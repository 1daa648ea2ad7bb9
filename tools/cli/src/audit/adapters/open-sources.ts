import { jetstream } from '@nats-io/jetstream';
import { type ArchiveEnvironment, type ArchiveStore, openArchiveStore } from '@ledgerline/archive-store';
import { createClickHouse } from '@ledgerline/clickhouse';
import { pricedStream, usageIdText, usageStream } from '@ledgerline/contracts';
import { usageIdKey, writeUsageId } from '@ledgerline/domain-metering';
import { type SipKey } from '@ledgerline/kernel';
import { connectNats } from '@ledgerline/messaging';
import { createPool } from '@ledgerline/postgres';
import { type EventsById } from '../../ledger/check-ledger.js';
import { ClickHouseEventsById } from '../../ledger/clickhouse-events-by-id.js';
import { type Identify } from '../../ledger/ledger-line.js';
import { type AuditSources, type GenerationSources, type Sequences } from '../sources.js';
import { AuditNotPossibleError } from '../until-rows-reach.js';
import { readSealedMonths, readSummaries, readUniqueOriginals } from './clickhouse-usage-reader.js';
import { recordedSince, readStreamState } from './nats-stream-reader.js';
import { openGeneration } from './open-generation.js';
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
  /** `file:///FOLDER` or `s3://BUCKET/PREFIX`: what the streams no longer hold. */
  readonly archiveUrl?: string;
  /** Of an S3 archive: endpoint, region and keys. */
  readonly archiveEnvironment?: ArchiveEnvironment;
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
  let archive: ArchiveStore | undefined;
  const openArchive = (): ArchiveStore => {
    if (address.archiveUrl === undefined) throw new Error('ARCHIVE_URL is not set, and no local stack has run here');
    return (archive ??= openArchiveStore(address.archiveUrl, address.archiveEnvironment));
  };
  const generationSources = (number: number): GenerationSources => openGeneration({ js, jsm, pool, clickhouse, openArchive, partitions, key }, number);
  return {
    ...generationSources(generation),
    closedGenerations: async () => {
      const known = await readGenerations(pool);
      const newest = Math.max(generation, ...known);
      if (newest > generation) throw new AuditNotPossibleError(`generation ${generation} is closed, and ${newest} is in use: set GENERATION=${newest}`);
      const before = Array.from({ length: generation - 1 }, (_, index) => index + 1);
      const exists = async (number: number): Promise<boolean> => known.includes(number) || (await readStreamState(jsm, pricedStream(number, 0))).streamId !== '';
      const existing = await Promise.all(before.map(exists));
      return before.filter((_, index) => existing[index]).map(generationSources);
    },
    quotaSnapshot: () => readQuotaSnapshot(pool, generation),
    rowsProgress: () => readRowsProgress(pool, generation),
    sealedMonths: () => readSealedMonths(clickhouse),
    uniqueOriginals: (sourceTo, sinceUs) => readUniqueOriginals(clickhouse, generation, sourceTo, sinceUs),
    summaries: async (sourceTo, sealed) => {
      const others = generation === 1 ? undefined : { recordedSinceUs: await recordedSince(jsm, generation, partitions) };
      return readSummaries(clickhouse, { generation, sourceTo, others, sealed });
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

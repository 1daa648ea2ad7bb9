import { type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import { type ArchiveStore } from '@ledgerline/archive-store';
import { type ClickHouseClient } from '@ledgerline/clickhouse';
import { pricedStream, usageStream } from '@ledgerline/contracts';
import { type SipKey } from '@ledgerline/kernel';
import { readMessage } from '@ledgerline/messaging';
import { type Pool } from 'pg';
import { type GenerationSources } from '../sources.js';
import { type StreamMessage, walkPartition } from '../walk-partition.js';
import { digestOf } from '../walker.js';
import { firstArchived, readArchived } from './archive-reader.js';
import { readSealedPartitions, readStoredPartitions } from './clickhouse-usage-reader.js';
import { lastBefore, readStream, readStreamState } from './nats-stream-reader.js';
import { PostgresBaseline } from './postgres-baseline.js';

/** The servers, and how every generation of the log is laid out. */
export interface OpenServers {
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly pool: Pool;
  readonly clickhouse: ClickHouseClient;
  /** @throws without an archive */
  readonly openArchive: () => ArchiveStore;
  readonly partitions: number;
  readonly key?: SipKey;
}

/** One generation's log and rows on servers that are open. */
export function openGeneration({ js, jsm, pool, clickhouse, openArchive, partitions, key }: OpenServers, generation: number): GenerationSources {
  async function* readPriced(partition: number, from: number, to: number): AsyncGenerator<StreamMessage> {
    const stream = pricedStream(generation, partition);
    const { first } = await readStreamState(jsm, stream);
    if (from < first) yield* readArchived(openArchive(), generation, partition, from, Math.min(to, first - 1));
    yield* readStream(js, stream, Math.max(from, first), to);
  }
  const walk: GenerationSources['walk'] = async (stretch, onProgress) => {
    const { partition, after, cut } = stretch;
    const usage = usageStream(generation, partition);
    return walkPartition({
      ...stretch,
      generation,
      partitions,
      key,
      onProgress,
      priced: cut <= after ? readNothing() : readPriced(partition, after + 1, cut),
      usageFirst: (await readStreamState(jsm, usage)).first,
      usage: (from) => readStream(js, usage, from),
    });
  };
  return {
    generation,
    partitions,
    baselines: new PostgresBaseline(pool, generation),
    priced: (partition) => readStreamState(jsm, pricedStream(generation, partition)),
    firstArchived: async (partition) => firstArchived(openArchive(), generation, partition),
    pricedBefore: (partition, timeUs) => lastBefore(jsm, pricedStream(generation, partition), timeUs),
    pricedDigest: async (partition, sequence) => {
      const message = await readMessage(jsm, pricedStream(generation, partition), sequence);
      return message && digestOf(message.data);
    },
    walk,
    sealedPartitions: (sealed) => readSealedPartitions(clickhouse, generation, sealed),
    storedPartitions: (ranges, strays, sinceUs) => readStoredPartitions(clickhouse, generation, ranges, strays, sinceUs),
  };
}

async function* readNothing(): AsyncGenerator<never> {}

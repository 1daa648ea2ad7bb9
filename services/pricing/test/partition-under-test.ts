import { type Correction, correctionSubject, decodePricedEnvelope, decodeUsageEnvelope, encodeCorrectionEnvelope, Outcome, type PricedEnvelope, usageIdText } from '@ledgerline/contracts';
import { seedPriceBook } from '@ledgerline/domain-pricing';
import { ensureStreams, findStream, type NatsConnection, publishEnvelope, readRange, streamInfo, streamOf } from '@ledgerline/messaging';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { SegmentedIdempotencyIndexes } from '@ledgerline/idempotency-index';
import { JetStreamPricedLog } from '../src/adapters/jetstream-priced-log.js';
import { type UsageMessage } from '../src/application/decide-run.js';
import { type CorrectionLedger } from '../src/application/corrections/correction-ledger.js';
import { type IdempotencyIndexes } from '../src/application/idempotency-index.js';
import { type Ownership } from '../src/application/ownership.js';
import { PricePartition } from '../src/application/price-partition.js';
import { type PricedLog } from '../src/application/priced-log.js';
import { MemoryCorrectionLedger, nothingStored } from './memory-correction-ledger.js';
import { type GivenEvent, KEY, usageEnvelope } from './usage-events.js';

export interface WorkerOptions {
  writerId?: string;
  directory: string;
  ownership?: Ownership;
  log?: PricedLog;
  indexes?: IdempotencyIndexes;
  ledger?: CorrectionLedger;
}

/** One partition's streams on a real broker, with workers on it. */
export class PartitionUnderTest {
  private constructor(
    readonly nc: NatsConnection,
    readonly generation: number,
  ) {}

  /** Makes the streams, empty: what an earlier test left in this generation is removed. */
  static async create(nc: NatsConnection, generation: number): Promise<PartitionUnderTest> {
    const jsm = await jetstreamManager(nc);
    for (const kind of ['USAGE', 'PRICED'] as const) {
      const { stream } = streamOf(kind, generation, 0);
      if ((await findStream(jsm, stream)) !== null) await jsm.streams.delete(stream);
    }
    await ensureStreams(nc, { generation, partitions: 1, maxBytes: 64 * 1024 ** 2, kinds: ['USAGE', 'PRICED'] });
    return new PartitionUnderTest(nc, generation);
  }

  get log(): JetStreamPricedLog {
    return new JetStreamPricedLog(this.nc, this.generation, 0, 2_000);
  }

  worker({
    writerId = 'one',
    directory,
    ownership = { assertOwned: async () => undefined },
    log = this.log,
    ledger = new MemoryCorrectionLedger(),
    indexes = new SegmentedIdempotencyIndexes({ directory, windowDays: 35 }),
  }: WorkerOptions): PricePartition {
    return new PricePartition({
      terms: { generation: this.generation, partition: 0, partitions: 1, key: KEY },
      book: seedPriceBook(),
      log,
      indexes,
      ownership,
      ledger,
      stored: nothingStored,
      writerId,
    });
  }

  async publishUsage(...events: GivenEvent[]): Promise<number> {
    return this.publishBytes(usageEnvelope(events, 0, this.generation));
  }

  async publishBytes(bytes: Uint8Array, subject = streamOf('USAGE', this.generation, 0).subject): Promise<number> {
    const ack = await publishEnvelope(jetstream(this.nc), subject, bytes, { timeoutMs: 5_000 });
    return ack.seq;
  }

  async publishCorrections(...corrections: Correction[]): Promise<number> {
    return this.publishBytes(encodeCorrectionEnvelope({ generation: this.generation, partition: 0, corrections }), correctionSubject(this.generation, 0));
  }

  /** USAGE messages behind `after`. */
  async usage(after: number): Promise<UsageMessage[]> {
    return this.read('USAGE', after);
  }

  /** All of PRICED, decoded. */
  async priced(): Promise<PricedEnvelope[]> {
    return pricedOf(this.nc, this.generation, 0);
  }

  /** Recovers a worker and lets it decide all there is. */
  async drain(worker: PricePartition): Promise<void> {
    const { sequence } = await worker.recover();
    const messages = await this.usage(sequence);
    if (messages.length > 0) await worker.price(messages);
  }

  private read(kind: 'USAGE' | 'PRICED', after: number): Promise<UsageMessage[]> {
    return readStream(this.nc, streamOf(kind, this.generation, 0).stream, after);
  }
}

/** All PRICED messages of a partition, decoded. */
export async function pricedOf(nc: NatsConnection, generation: number, partition: number): Promise<PricedEnvelope[]> {
  return (await readStream(nc, streamOf('PRICED', generation, partition).stream, 0)).map(({ data }) => decodePricedEnvelope(data));
}

async function readStream(nc: NatsConnection, stream: string, after: number): Promise<UsageMessage[]> {
  const { firstSequence, lastSequence } = await streamInfo(await jetstreamManager(nc), stream);
  const messages: UsageMessage[] = [];
  for await (const message of readRange(jetstream(nc), stream, Math.max(firstSequence, after + 1), lastSequence)) messages.push(message);
  return messages;
}

/** The usage_ids counted, in order; throws when PRICED does not carry USAGE 1..n once and in order. */
export function countedIn(envelopes: readonly PricedEnvelope[]): string[] {
  const counted: string[] = [];
  let sourceTo = 0;
  for (const envelope of envelopes) {
    if (envelope.previousSourceTo !== sourceTo || envelope.sourceFrom !== sourceTo + 1) throw new Error(`the chain breaks behind ${sourceTo}`);
    for (const run of envelope.runs) {
      if (run.sourceSequence !== ++sourceTo) throw new Error(`expected USAGE ${sourceTo}, found ${run.sourceSequence}`);
      if (run.undecodable || run.correction) continue;
      const { usageIds } = decodeUsageEnvelope(run.usage);
      run.outcomes.forEach((outcome, row) => {
        if (outcome === Outcome.priced || outcome === Outcome.unpriced) counted.push(usageIdText(usageIds, row * 16));
      });
    }
    if (envelope.sourceTo !== sourceTo) throw new Error(`an envelope says it ends at ${envelope.sourceTo}, but ends at ${sourceTo}`);
  }
  return counted;
}

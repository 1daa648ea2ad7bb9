import { Controller, Inject } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { type BatchConsumer, type Checkpoint, ConsumeBatches, type PartitionBatch } from '@ledgerline/messaging';
import { LOGGER, METER } from '@ledgerline/service-kit';
import { type Counter, type Meter } from '@opentelemetry/api';
import { type Logger } from 'pino';
import { CountUsage } from '../application/count-usage.js';
import { type StoredCheckpoint } from '../adapters/postgres-checkpoints.js';
import { BatchPace } from './batch-pace.js';
import { type CountedUpTo, readPriced } from './read-priced.js';

/** Loads checkpoints of partitions from the store that CountUsage moves them in. */
export type LoadStoredCheckpoints = (partitions: readonly number[]) => Promise<Map<number, StoredCheckpoint>>;

export const LOAD_CHECKPOINTS = Symbol('LOAD_CHECKPOINTS');
export const PRICED_OPTIONS = Symbol('PRICED_OPTIONS');

export interface PricedOptions {
  readonly generation: number;
  /** Lease units; unit u owns the partitions p with p % units == u. */
  readonly units: number;
  readonly pace: BatchPace;
  /** Called after a commit that left something in the outbox. */
  readonly onDecisions: () => void;
}

/** Turns batches of PRICED messages into counted usage. */
@Controller()
export class PricedConsumer implements BatchConsumer {
  private readonly counted = new Map<number, CountedUpTo>();
  private readonly events: Counter;
  private readonly skipped: Counter;

  constructor(
    @Inject(CountUsage) private readonly countUsage: CountUsage,
    @Inject(LOAD_CHECKPOINTS) private readonly loadStored: LoadStoredCheckpoints,
    @Inject(PRICED_OPTIONS) private readonly options: PricedOptions,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(METER) meter: Meter,
  ) {
    this.events = meter.createCounter('ledgerline_quota_events_counted', { description: 'Usage events added to the quota sums' });
    this.skipped = meter.createCounter('ledgerline_quota_messages_unreadable', { description: 'PRICED messages that are no envelope' });
  }

  async loadCheckpoints(partitions: number[]): Promise<Map<number, Checkpoint>> {
    const stored = await this.loadStored(partitions);
    for (const [partition, { sequence, sourceSequence }] of stored) this.counted.set(partition, { sequence, sourceSequence });
    return new Map(
      [...stored].map(([partition, { sequence, streamId, messageDigest, highestSeen }]) => [
        partition,
        { sequence, streamId, messageDigest, highestSeen },
      ]),
    );
  }

  @ConsumeBatches('PRICED')
  async handle(@Payload() batch: PartitionBatch): Promise<void> {
    const startedAtMs = performance.now();
    const { generation, units, onDecisions, pace } = this.options;
    const { tally, moves, heldByHour, unreadable } = readPriced(batch, generation, this.counted);
    for (const { message, reason } of unreadable) {
      this.skipped.add(1);
      this.logger.error(
        { partition: message.partition, sequence: message.sequence, reason },
        'a PRICED message is no envelope and was passed over',
      );
    }
    const held = new Set(moves.map(({ partition }) => partition % units));
    const epochs = new Map([...batch.epochs].filter(([unit]) => held.has(unit)));
    const decisions = await this.countUsage.execute({ generation, epochs, moves, tally, heldByHour });
    for (const { partition, sequence, sourceSequence } of moves) this.counted.set(partition, { sequence, sourceSequence });
    this.events.add(tally.events);
    if (decisions > 0) onDecisions();
    await pace.afterBatch(startedAtMs);
  }
}

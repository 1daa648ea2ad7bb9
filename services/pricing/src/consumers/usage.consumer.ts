import { Controller, Inject } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { type BatchConsumer, type Checkpoint, ConsumeBatches, type PartitionBatch } from '@ledgerline/messaging';
import { PricePartitions } from '../application/price-partitions.js';

/** Hands USAGE batches to the worker of their partition. The position is part of what the worker stores, in PRICED itself. */
@Controller()
export class UsageConsumer implements BatchConsumer {
  constructor(@Inject(PricePartitions) private readonly pricing: PricePartitions) {}

  async loadCheckpoints(partitions: number[]): Promise<Map<number, Checkpoint>> {
    return new Map(await Promise.all(partitions.map(async (partition) => [partition, await this.pricing.recover(partition)] as const)));
  }

  @ConsumeBatches('USAGE')
  async handle(@Payload() batch: PartitionBatch): Promise<void> {
    await this.pricing.price(batch.unit!, batch.messages, batch.traceparent);
  }
}

import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { type BatchConsumer, type Checkpoint, type PartitionBatch } from '../src/batch-consumer.js';
import { ConsumeBatches } from '../src/consume-batches.js';

/** Keeps what it was handed, and its checkpoints, in memory: both at once, as a transaction would. */
@Controller()
export class RecordingConsumer implements BatchConsumer {
  readonly batches: PartitionBatch[] = [];
  readonly handled: { partition: number; sequence: number }[] = [];
  readonly checkpoints = new Map<number, Checkpoint>();
  loads = 0;
  /** Runs before a batch is committed; a rejection means that it is not. */
  before: (batch: PartitionBatch) => Promise<void> = async () => undefined;

  async loadCheckpoints(partitions: number[]): Promise<Map<number, Checkpoint>> {
    this.loads++;
    return new Map([...this.checkpoints].filter(([partition]) => partitions.includes(partition)));
  }

  @ConsumeBatches('PRICED')
  async handle(@Payload() batch: PartitionBatch): Promise<void> {
    await this.before(batch);
    this.batches.push(batch);
    for (const { partition, sequence } of batch.messages) this.handled.push({ partition, sequence });
    for (const [partition, head] of batch.heads) this.checkpoints.set(partition, head);
  }

  sequences(partition: number): number[] {
    return this.handled.filter((one) => one.partition === partition).map(({ sequence }) => sequence);
  }
}

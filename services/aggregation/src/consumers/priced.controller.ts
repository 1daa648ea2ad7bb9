import { Controller, Inject } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { ConsumeBatches, type PartitionBatch } from '@ledgerline/messaging';
import { SinkBatches } from '../application/sink-batches.js';

/** Hands every batch of PRICED to the sink it belongs to. */
@Controller()
export class PricedController {
  constructor(@Inject(SinkBatches) private readonly sink: SinkBatches) {}

  @ConsumeBatches('PRICED')
  handle(@Payload() batch: PartitionBatch): Promise<void> {
    return this.sink.handle(batch);
  }
}

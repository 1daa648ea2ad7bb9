import { fromBinary } from '@bufbuild/protobuf';
import { Controller, Inject } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { QuotaEventSchema } from '@ledgerline/contracts';
import { type BatchConsumer, type Checkpoint, ConsumeBatches, type PartitionBatch } from '@ledgerline/messaging';
import { LOGGER } from '@ledgerline/service-kit';
import { type Logger } from 'pino';
import { type SeenCustomers } from '../application/ports.js';
import { RecordSeenCustomers } from '../application/record-seen-customers.js';

export const SEEN_CUSTOMERS = Symbol('SEEN_CUSTOMERS');

/** Picks the customers out of the QUOTA stream. Crossings are the alerting service's business and are passed over. */
@Controller()
export class QuotaEventsConsumer implements BatchConsumer {
  constructor(
    @Inject(RecordSeenCustomers) private readonly recordSeen: RecordSeenCustomers,
    @Inject(SEEN_CUSTOMERS) private readonly store: SeenCustomers,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The QUOTA stream is one partition, number 0. */
  async loadCheckpoints(): Promise<Map<number, Checkpoint>> {
    const position = await this.store.position();
    return new Map(position ? [[0, position]] : []);
  }

  @ConsumeBatches('QUOTA')
  async handle(@Payload() batch: PartitionBatch): Promise<void> {
    const head = batch.heads.get(0);
    const epoch = batch.epochs.get(0);
    if (!head || epoch === undefined) return;
    const ids = batch.messages.flatMap(({ data, sequence }) => this.customerOf(data, sequence));
    await this.recordSeen.execute(ids, head, { unit: 0, epoch });
  }

  /** A message that is no quota event is logged and passed over: it must not stop those behind it. */
  private customerOf(data: Uint8Array, sequence: number): string[] {
    try {
      const { event } = fromBinary(QuotaEventSchema, data);
      return event.case === 'customerSeen' && event.value.customerId !== '' ? [event.value.customerId] : [];
    } catch (error) {
      this.logger.error({ err: error, sequence }, 'a QUOTA message is no quota event and was passed over');
      return [];
    }
  }
}

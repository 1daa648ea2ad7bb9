import { failpoint } from '@ledgerline/failpoints';
import { fromBinary } from '@bufbuild/protobuf';
import { Controller, Inject } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { QuotaEventSchema } from '@ledgerline/contracts';
import { type BatchConsumer, type Checkpoint, ConsumeBatches, type PartitionBatch, type PartitionMessage } from '@ledgerline/messaging';
import { LOGGER, METER } from '@ledgerline/service-kit';
import { type Counter, type Meter } from '@opentelemetry/api';
import { type Logger } from 'pino';
import { fromWire } from '../adapters/mapping.js';
import { type QuotaCrossing } from '../application/ports.js';
import { RecordCrossings } from '../application/record-crossings.js';

export const LOAD_CHECKPOINT = Symbol('LOAD_CHECKPOINT');

/** QUOTA is one stream, read as partition 0. */
const PARTITION = 0;

/** Turns messages of the QUOTA stream into recorded crossings. */
@Controller()
export class QuotaEventsConsumer implements BatchConsumer {
  private sequence = 0;
  private readonly changes: Counter;
  private readonly skipped: Counter;

  constructor(
    @Inject(RecordCrossings) private readonly recordCrossings: RecordCrossings,
    @Inject(LOAD_CHECKPOINT) private readonly loadCheckpoint: () => Promise<Checkpoint>,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(METER) meter: Meter,
  ) {
    this.changes = meter.createCounter('ledgerline_alert_changes', { description: 'Alerts raised, reopened and resolved' });
    this.skipped = meter.createCounter('ledgerline_alerting_messages_unreadable', { description: 'QUOTA messages that could not be read' });
  }

  async loadCheckpoints(): Promise<Map<number, Checkpoint>> {
    const checkpoint = await this.loadCheckpoint();
    this.sequence = checkpoint.sequence;
    return new Map([[PARTITION, checkpoint]]);
  }

  @ConsumeBatches('QUOTA')
  async handle(@Payload() batch: PartitionBatch): Promise<void> {
    const head = batch.heads.get(PARTITION);
    if (head === undefined) return;
    const crossings = batch.messages.flatMap((message) => this.read(message) ?? []);
    const updates = await this.recordCrossings.execute({ epochs: batch.epochs, move: { fromSequence: this.sequence, ...head }, crossings });
    await failpoint('alerting.after-commit');
    this.sequence = head.sequence;
    for (const { crossing, change } of updates) {
      if (change === undefined) continue;
      this.changes.add(1, { change });
      const { quotaId, customerId, metric, thresholdPercent, value, limit, periodStart } = crossing;
      this.logger.info({ change, quotaId, customerId, metric, thresholdPercent, value, limit, periodStart }, `alert ${change}`);
    }
  }

  /** One bad message must not stop the alerts behind it. */
  private read(message: PartitionMessage): QuotaCrossing | undefined {
    try {
      return fromWire(fromBinary(QuotaEventSchema, message.data));
    } catch (error) {
      this.skipped.add(1);
      this.logger.error({ err: error, sequence: message.sequence }, 'a QUOTA message could not be read and was passed over');
      return undefined;
    }
  }
}

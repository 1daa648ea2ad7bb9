import { failpoint } from '@ledgerline/failpoints';
import { fromBinary } from '@bufbuild/protobuf';
import { Controller, Inject } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { QuotaEventSchema } from '@ledgerline/contracts';
import { type AlertChange, notifies } from '@ledgerline/domain-alerting';
import { type BatchConsumer, type Checkpoint, ConsumeBatches, type PartitionBatch, type PartitionMessage } from '@ledgerline/messaging';
import { LOGGER, METER } from '@ledgerline/service-kit';
import { type Counter, type Meter } from '@opentelemetry/api';
import { type Logger } from 'pino';
import { growthFromWire } from '../adapters/growth-mapping.js';
import { fromWire } from '../adapters/mapping.js';
import { type GrownQuarantine, type QuotaCrossing } from '../application/ports.js';
import { RecordAlerts } from '../application/record-alerts.js';

export const LOAD_CHECKPOINT = Symbol('LOAD_CHECKPOINT');
/** Called after alerts were recorded. */
export const ON_RECORDED = Symbol('ON_RECORDED');

/** QUOTA is one stream, read as partition 0. */
const PARTITION = 0;

/** Turns messages of the QUOTA stream into recorded alerts. */
@Controller()
export class QuotaEventsConsumer implements BatchConsumer {
  private sequence = 0;
  private readonly changes: Counter;
  private readonly skipped: Counter;

  constructor(
    @Inject(RecordAlerts) private readonly recordAlerts: RecordAlerts,
    @Inject(LOAD_CHECKPOINT) private readonly loadCheckpoint: () => Promise<Checkpoint>,
    @Inject(ON_RECORDED) private readonly onRecorded: () => void,
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
    const read = batch.messages.map((message) => this.read(message));
    const { updates, raised } = await this.recordAlerts.execute({
      epochs: batch.epochs,
      move: { fromSequence: this.sequence, ...head },
      crossings: read.flatMap(({ crossing }) => crossing ?? []),
      growths: read.flatMap(({ growth }) => growth ?? []),
    });
    await failpoint('alerting.after-commit');
    this.sequence = head.sequence;
    this.onRecorded();
    for (const { crossing, change } of updates) {
      if (change === undefined) continue;
      const { quotaId, customerId, metric, thresholdPercent, value, limit, periodStart } = crossing;
      this.tell(change, { quotaId, customerId, metric, thresholdPercent, value, limit, periodStart });
    }
    for (const { hourStartUs, heldEvents, threshold } of raised) {
      this.tell('raised', { hourStart: new Date(hourStartUs / 1000), heldEvents, threshold });
    }
  }

  /** What is news stands out in the log: without mails, the log is where operators are told. */
  private tell(change: AlertChange, about: object): void {
    this.changes.add(1, { change });
    this.logger[notifies(change) ? 'warn' : 'info']({ change, ...about }, `alert ${change}`);
  }

  /** One bad message must not stop the alerts behind it. */
  private read(message: PartitionMessage): { crossing?: QuotaCrossing; growth?: GrownQuarantine } {
    try {
      const event = fromBinary(QuotaEventSchema, message.data);
      return { crossing: fromWire(event), growth: growthFromWire(event) };
    } catch (error) {
      this.skipped.add(1);
      this.logger.error({ err: error, sequence: message.sequence }, 'a QUOTA message could not be read and was passed over');
      return {};
    }
  }
}

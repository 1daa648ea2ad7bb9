import { type Meter } from '@opentelemetry/api';
import { type PartitionBatch } from './batch-consumer.js';
import { type StreamKind } from './stream-names.js';

export interface PartitionProgress {
  partition: number;
  /** messages not handled yet; null while the partition is not being read */
  lag: number | null;
  /** last handled sequence */
  position: number;
}

/** Progress, lag and failures of one kind's consumption, as OpenTelemetry instruments. */
export class ConsumerMetrics {
  private readonly messages;
  private readonly bytes;
  private readonly failures;
  private readonly duration;

  constructor(
    meter: Meter,
    private readonly kind: StreamKind,
    progress: () => PartitionProgress[],
  ) {
    this.messages = meter.createCounter('ledgerline_consumed_messages', { description: 'Messages handled' });
    this.bytes = meter.createCounter('ledgerline_consumed_bytes', { description: 'Bytes of messages handled', unit: 'By' });
    this.failures = meter.createCounter('ledgerline_batch_failures', { description: 'Batches that failed and were started again' });
    this.duration = meter.createHistogram('ledgerline_batch_duration_ms', { description: 'Time to handle a batch', unit: 'ms' });
    const observe = (name: string, description: string, of: (progress: PartitionProgress) => number | null) =>
      meter.createObservableGauge(name, { description }).addCallback((result) => {
        for (const one of progress()) {
          const value = of(one);
          if (value !== null) result.observe(value, { kind, partition: one.partition });
        }
      });
    observe('ledgerline_consumer_lag_messages', 'Messages stored but not handled', (one) => one.lag);
    observe('ledgerline_consumer_position', 'Last handled stream sequence', (one) => one.position);
  }

  batch(batch: PartitionBatch, elapsedMs: number): void {
    const attributes = { kind: this.kind };
    this.messages.add(batch.messages.length, attributes);
    this.bytes.add(
      batch.messages.reduce((sum, message) => sum + message.data.length, 0),
      attributes,
    );
    this.duration.record(elapsedMs, attributes);
  }

  failure(error: Error): void {
    this.failures.add(1, { kind: this.kind, error: error.name });
  }
}

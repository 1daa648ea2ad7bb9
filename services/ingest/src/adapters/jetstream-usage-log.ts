import { jetstream, type JetStreamClient } from '@nats-io/jetstream';
import { correctionSubject, usageSubject } from '@ledgerline/contracts';
import { publishEnvelope, PublishError, type NatsConnection, type PublishFailure } from '@ledgerline/messaging';
import { type Stored, type UsageLog } from '../application/usage-log.js';

const MAY_BE_STORED = 'the broker did not answer in time; the event may be stored: send it again with the same id';

const REASONS: Record<PublishFailure, string> = {
  timeout: MAY_BE_STORED,
  disconnected: MAY_BE_STORED,
  'wrong-last-sequence': 'the log refused the event; it is not stored',
  'stream-full': 'the log is full; the event is not stored',
  'no-stream': 'the log is not available; the event is not stored',
  'too-large': 'the event is larger than the log takes; it is not stored',
  duplicate: 'the log mistook the event for another one; it is not stored',
  refused: 'the log refused the event; it is not stored',
};

/** The USAGE streams of one generation. */
export class JetStreamUsageLog implements UsageLog {
  private readonly js: JetStreamClient;
  private connected = true;

  constructor(
    private readonly nc: NatsConnection,
    private readonly generation: number,
    private readonly timeoutMs: number,
  ) {
    this.js = jetstream(nc);
    void this.watch();
  }

  get available(): boolean {
    return this.connected && !this.nc.isClosed();
  }

  append(partition: number, envelope: Uint8Array, traceparent: string | undefined): Promise<Stored> {
    return this.publish(usageSubject(this.generation, partition), envelope, traceparent);
  }

  appendCorrection(partition: number, envelope: Uint8Array, traceparent: string | undefined): Promise<Stored> {
    return this.publish(correctionSubject(this.generation, partition), envelope, traceparent);
  }

  private async publish(subject: string, envelope: Uint8Array, traceparent: string | undefined): Promise<Stored> {
    try {
      await publishEnvelope(this.js, subject, envelope, {
        timeoutMs: this.timeoutMs,
        ...(traceparent ? { headers: { traceparent } } : {}),
      });
      return { stored: true };
    } catch (error) {
      return { stored: false, reason: error instanceof PublishError ? REASONS[error.failure] : MAY_BE_STORED };
    }
  }

  private async watch(): Promise<void> {
    for await (const { type } of this.nc.status()) {
      if (type === 'disconnect') this.connected = false;
      if (type === 'reconnect') this.connected = true;
    }
  }
}

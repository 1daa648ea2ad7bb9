import { MAX_USAGE_BYTES, UsageEnvelopeBuilder, type UsageRow } from '@ledgerline/contracts';
import { type Stored, type UsageLog } from './usage-log.js';

export interface EnvelopeLimits {
  readonly maxEvents: number;
  readonly flushBytes: number;
}

/** An envelope that events are gathered in, and in the end what became of it. */
export class OpenEnvelope {
  readonly outcome: Promise<Stored>;
  settle!: (outcome: Stored) => void;
  traceparent: string | undefined;

  constructor(readonly builder: UsageEnvelopeBuilder) {
    this.outcome = new Promise((resolve) => (this.settle = resolve));
  }
}

/** Room left for headers and the fixed part of a message. */
const MESSAGE_RESERVE_BYTES = 4_096;

/**
 * Gathers one partition's events into envelopes.
 *
 * Requests that arrive together share an envelope. It is sent at the end of the turn when nothing is on its
 * way, when the acknowledgement before it returns, or when it is full: a lone event never waits for company,
 * and a crowd never sends one message an event.
 */
export class PartitionWriter {
  private open: OpenEnvelope | null = null;
  private onTheirWay = 0;
  private scheduled = false;

  constructor(
    private readonly generation: number,
    private readonly partition: number,
    private readonly log: UsageLog,
    private readonly limits: EnvelopeLimits,
  ) {}

  /** Adds an event. @param usageId its 16 bytes @returns the envelope whose outcome is the event's */
  append(row: UsageRow, usageId: Uint8Array, traceparent: string | undefined): OpenEnvelope {
    const fits = this.open && this.open.builder.byteBound + UsageEnvelopeBuilder.rowBound(row) <= MAX_USAGE_BYTES - MESSAGE_RESERVE_BYTES;
    if (this.open && !fits) this.send();
    const envelope = (this.open ??= new OpenEnvelope(new UsageEnvelopeBuilder(this.generation, this.partition, this.limits.maxEvents)));
    envelope.traceparent ??= traceparent;
    envelope.builder.append(row, usageId, 0);
    if (envelope.builder.full || envelope.builder.byteBound >= this.limits.flushBytes) this.send();
    else if (this.onTheirWay === 0 && !this.scheduled) {
      this.scheduled = true;
      setImmediate(() => {
        this.scheduled = false;
        if (this.onTheirWay === 0) this.send();
      });
    }
    return envelope;
  }

  private send(): void {
    const envelope = this.open;
    if (!envelope) return;
    this.open = null;
    this.onTheirWay++;
    void this.log.append(this.partition, envelope.builder.finish(), envelope.traceparent).then((outcome) => {
      this.onTheirWay--;
      envelope.settle(outcome);
      this.send();
    });
  }
}

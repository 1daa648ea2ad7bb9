import { MAX_USAGE_BYTES, UsageEnvelopeBuilder, type UsageRow } from '@ledgerline/contracts';
import { type SendTurns } from './send-turns.js';
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
 * Requests that arrive together share an envelope. It is sent at the partition's turn when nothing is on its
 * way, or at once when it is full: a lone event never waits for company, and a crowd never sends one message
 * an event.
 */
export class PartitionWriter {
  private open: OpenEnvelope | null = null;
  private onTheirWay = 0;
  private spare: UsageEnvelopeBuilder | null = null;

  constructor(
    private readonly generation: number,
    private readonly partition: number,
    private readonly log: UsageLog,
    private readonly limits: EnvelopeLimits,
    private readonly turns: SendTurns,
  ) {}

  /** Adds an event. @param usageId its 16 bytes @returns the envelope whose outcome is the event's */
  append(row: UsageRow, usageId: Uint8Array, traceparent: string | undefined): OpenEnvelope {
    const fits = this.open && this.open.builder.byteBound + UsageEnvelopeBuilder.rowBound(row) <= MAX_USAGE_BYTES - MESSAGE_RESERVE_BYTES;
    if (this.open && !fits) this.send();
    const envelope = (this.open ??= new OpenEnvelope(this.emptyBuilder()));
    envelope.traceparent ??= traceparent;
    envelope.builder.append(row, usageId, 0);
    if (envelope.builder.full || envelope.builder.byteBound >= this.limits.flushBytes) this.send();
    else if (this.onTheirWay === 0) this.turns.request(this);
    return envelope;
  }

  /** Its turn has come. */
  takeTurn(): void {
    if (this.onTheirWay === 0) this.send();
  }

  private emptyBuilder(): UsageEnvelopeBuilder {
    const builder = this.spare ?? new UsageEnvelopeBuilder(this.generation, this.partition, this.limits.maxEvents);
    this.spare = null;
    return builder;
  }

  private send(): void {
    const envelope = this.open;
    if (!envelope) return;
    this.open = null;
    this.onTheirWay++;
    const bytes = envelope.builder.finish();
    envelope.builder.reset();
    this.spare = envelope.builder;
    void this.log.append(this.partition, bytes, envelope.traceparent).then((outcome) => {
      this.onTheirWay--;
      envelope.settle(outcome);
      if (this.open) this.turns.request(this);
    });
  }
}

import { jetstream, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { correctionSubject, decodeCorrectionEnvelope, decodeUsageEnvelope, encodePricedEnvelope, EnvelopeError, PRICED_SCHEMA, type UsageColumns, withGeneration } from '@ledgerline/contracts';
import { type NatsConnection, publishEnvelope, readMessage, readRange, streamOf } from '@ledgerline/messaging';
import { type EventGroup, groupEvents, runOf } from '../group-events.js';
import { type StoredEvent } from '../stored-event.js';

const TIMEOUT_MS = 10_000;

/** A USAGE message that survived without an outcome. */
export interface CarriedMessage {
  readonly sequence: number;
  readonly timestampUs: number;
  /** null: it is a correction, or cannot be read */
  readonly usage: UsageColumns | null;
}

/** Fills one partition of a new generation, which nobody else writes to. */
export class PartitionFiller {
  private usageEnd = 0;
  private pricedEnd = 0;
  private readonly writerId: string;

  private constructor(
    private readonly nc: NatsConnection,
    private readonly jsm: JetStreamManager,
    private readonly generation: number,
    private readonly partition: number,
  ) {
    this.writerId = `recovery of generation ${generation - 1}`;
  }

  /** @param generation the new one */
  static async open(nc: NatsConnection, generation: number, partition: number): Promise<PartitionFiller> {
    return new PartitionFiller(nc, await jetstreamManager(nc), generation, partition);
  }

  /** Enters counted events with the outcomes and prices they had, each message in USAGE and in PRICED. */
  async enter(events: AsyncIterable<StoredEvent>, onEntered: (group: EventGroup) => void): Promise<void> {
    for await (const group of groupEvents(events, this.generation, this.partition)) {
      const previousSourceTo = this.usageEnd;
      const recordedAtUs = await this.publishUsage(streamOf('USAGE', this.generation, this.partition).subject, group.usage);
      const source = this.usageEnd;
      const bytes = encodePricedEnvelope({
        schema: PRICED_SCHEMA,
        generation: this.generation,
        partition: this.partition,
        sourceFrom: source,
        sourceTo: source,
        previousSourceTo,
        writerId: this.writerId,
        priceBookVersion: group.priceBookVersion,
        runs: [runOf(group, source, recordedAtUs)],
      });
      const { subject } = streamOf('PRICED', this.generation, this.partition);
      await publishEnvelope(jetstream(this.nc), subject, bytes, { expectLastSequence: this.pricedEnd++, timeoutMs: TIMEOUT_MS });
      onEntered(group);
    }
  }

  /** Carries over the USAGE messages [from..to] of the generation before, in order, for pricing to decide. What cannot be read stays as it is. */
  async *carry(from: number, to: number): AsyncGenerator<CarriedMessage> {
    const closed = this.generation - 1;
    const correction = correctionSubject(closed, this.partition);
    for await (const { data, sequence, subject, timestampUs } of readRange(jetstream(this.nc), streamOf('USAGE', closed, this.partition).stream, from, to)) {
      const isCorrection = subject === correction;
      const usage = isCorrection ? null : readUsage(data, closed, this.partition);
      const known = usage !== null || (isCorrection && isReadableCorrection(data, closed, this.partition));
      await this.publishUsage(isCorrection ? correctionSubject(this.generation, this.partition) : streamOf('USAGE', this.generation, this.partition).subject, known ? withGeneration(data, this.generation) : data);
      yield { sequence, timestampUs, usage };
    }
  }

  /** @returns the broker's time of the message, microseconds since 1970 */
  private async publishUsage(subject: string, bytes: Uint8Array): Promise<number> {
    const { seq } = await publishEnvelope(jetstream(this.nc), subject, bytes, { expectLastSequence: this.usageEnd, timeoutMs: TIMEOUT_MS });
    this.usageEnd = seq;
    const stored = await readMessage(this.jsm, streamOf('USAGE', this.generation, this.partition).stream, seq);
    return stored!.timestampUs;
  }
}

/** Null when it is no envelope of its partition: as it would be refused there, it will be refused in the new generation. */
function readUsage(data: Uint8Array, generation: number, partition: number): UsageColumns | null {
  try {
    const usage = decodeUsageEnvelope(data);
    return usage.generation === generation && usage.partition === partition ? usage : null;
  } catch (error) {
    if (error instanceof EnvelopeError) return null;
    throw error;
  }
}

function isReadableCorrection(data: Uint8Array, generation: number, partition: number): boolean {
  try {
    const envelope = decodeCorrectionEnvelope(data);
    return envelope.generation === generation && envelope.partition === partition;
  } catch (error) {
    if (error instanceof EnvelopeError) return false;
    throw error;
  }
}

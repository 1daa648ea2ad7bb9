import { failpoint } from '@ledgerline/failpoints';
import { jetstream, type JetStreamClient, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { findStream, type NatsConnection, PositionLostError, PublishError, publishEnvelope, readLastMessage, readMessage, readRange, streamInfo, streamOf } from '@ledgerline/messaging';
import { type AppendResult, type LogState, type PricedLog, type PricedMessage, type PricedReader } from '../application/priced-log.js';

const PUBLISH_TIMEOUT_MS = 3_000;
const READ_TIMEOUT_MS = 3_000;

/** PRICED on JetStream. */
export class JetStreamPricedLog implements PricedLog {
  readonly name: string;
  private readonly subject: string;
  private readonly usage: string;
  private readonly js: JetStreamClient;

  constructor(
    private readonly nc: NatsConnection,
    generation: number,
    private readonly partition: number,
    private readonly timeoutMs = PUBLISH_TIMEOUT_MS,
  ) {
    const priced = streamOf('PRICED', generation, partition);
    this.name = priced.stream;
    this.subject = priced.subject;
    this.usage = streamOf('USAGE', generation, partition).stream;
    this.js = jetstream(nc);
  }

  async state(): Promise<LogState> {
    return streamInfo(await this.manager(), this.name);
  }

  async usageState(): Promise<LogState> {
    return streamInfo(await this.manager(), this.usage);
  }

  async last(): Promise<PricedMessage | null> {
    return readLastMessage(await this.manager(), this.name);
  }

  async at(sequence: number): Promise<PricedMessage | null> {
    return readMessage(await this.manager(), this.name, sequence);
  }

  range(from: number, to: number): AsyncIterable<PricedMessage> {
    return readRange(this.js, this.name, from, to);
  }

  async closed(generation: number, partitions: number): Promise<PricedReader> {
    const jsm = await this.manager();
    const closed = new JetStreamPricedLog(this.nc, generation, this.partition, this.timeoutMs);
    if ((await findStream(jsm, closed.name)) === null) throw new PositionLostError(closed.name, 'it is gone, and with it the identities that were counted in it');
    const exists = async (partition: number): Promise<boolean> => (await findStream(jsm, streamOf('PRICED', generation, partition).stream)) !== null;
    if ((await exists(partitions)) || !(await exists(partitions - 1))) {
      throw new PositionLostError(closed.name, `its generation did not have ${partitions} partitions: its identities lie elsewhere`);
    }
    return closed;
  }

  async append(bytes: Uint8Array, expectedLastSequence: number, traceparent?: string): Promise<AppendResult> {
    try {
      const { seq } = await publishEnvelope(this.js, this.subject, bytes, { expectLastSequence: expectedLastSequence, traceparent, timeoutMs: this.timeoutMs });
      failpoint('pricing.publish-timeout', () => new PublishError('timeout', this.subject));
      return { kind: 'stored', sequence: seq };
    } catch (error) {
      if (error instanceof PublishError && (error.unknownOutcome || error.failure === 'wrong-last-sequence')) return { kind: 'unclear', cause: error };
      throw error;
    }
  }

  private manager(): Promise<JetStreamManager> {
    return jetstreamManager(this.nc, { checkAPI: false, timeout: READ_TIMEOUT_MS });
  }
}

import { jetstream, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { type Checkpoint, checkPosition, messageDigest, type NatsConnection, readMessage, readRange, type StoredMessage, streamInfo, streamOf, type StreamState } from '@ledgerline/messaging';
import { type PartitionLog, type Trimmed } from '../application/ports.js';

const TIMEOUT_MS = 5_000;

/** The streams of one generation on JetStream. */
export class JetStreamPartitionLog implements PartitionLog {
  constructor(
    private readonly nc: NatsConnection,
    private readonly generation: number,
  ) {}

  async open(partition: number, checkpoint: Checkpoint | undefined): Promise<StreamState> {
    const jsm = await this.manager();
    const stream = this.stream('PRICED', partition);
    const state = await streamInfo(jsm, stream);
    const at = checkpoint === undefined ? null : await readMessage(jsm, stream, checkpoint.sequence);
    checkPosition(stream, checkpoint, state, at === null ? null : messageDigest(at.data));
    return state;
  }

  async usage(partition: number): Promise<StreamState> {
    return streamInfo(await this.manager(), this.stream('USAGE', partition));
  }

  async timeOf(partition: number, sequence: number): Promise<number> {
    const stream = this.stream('PRICED', partition);
    const message = await readMessage(await this.manager(), stream, sequence);
    if (message === null) throw new Error(`${stream}: message ${sequence} is gone`);
    return message.timestampUs;
  }

  range(partition: number, from: number, to: number): AsyncIterable<StoredMessage> {
    return readRange(jetstream(this.nc), this.stream('PRICED', partition), from, to);
  }

  /** By sequence alone: a purge by subject holds up publishers. */
  async purge(partition: number, { pricedBefore, usageBefore }: Trimmed): Promise<void> {
    await this.purgeBefore(this.stream('PRICED', partition), pricedBefore);
    await this.purgeBefore(this.stream('USAGE', partition), usageBefore);
  }

  /** There is nothing before message 1, and asked for that the server removes everything: it takes 1 for "no sequence given". */
  private async purgeBefore(stream: string, sequence: number): Promise<void> {
    if (sequence > 1) await (await this.manager()).streams.purge(stream, { seq: sequence });
  }

  private stream(kind: 'USAGE' | 'PRICED', partition: number): string {
    return streamOf(kind, this.generation, partition).stream;
  }

  private manager(): Promise<JetStreamManager> {
    return jetstreamManager(this.nc, { checkAPI: false, timeout: TIMEOUT_MS });
  }
}

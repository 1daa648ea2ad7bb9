import { type Consumer, type ConsumerMessages, DeliverPolicy, type JetStreamClient, type JetStreamManager, type JsMsg } from '@nats-io/jetstream';
import { type Checkpoint, type CheckpointCandidate, type PartitionMessage } from './batch-consumer.js';
import { checkPosition, checkStream } from './check-position.js';
import { messageDigest, readMessage, streamInfo } from './read-stream.js';

/** A message arrived with another sequence than the one that had to follow. */
export class SequenceGapError extends Error {
  constructor(stream: string, expected: number, received: number) {
    super(`${stream}: expected sequence ${expected}, received ${received}`);
    this.name = 'SequenceGapError';
  }
}

const PULL_EXPIRES_MS = 20_000;
const INACTIVE_NS = 60_000_000_000;

export interface ReaderOptions {
  stream: string;
  partition: number;
  /** how much may wait here before reading pauses */
  prefetchMessages: number;
  prefetchBytes: number;
  /** called when messages are waiting, or reading failed */
  wake: () => void;
}

/**
 * Reads one partition's stream behind a checkpoint through an ordered consumer into a bounded buffer.
 * Sequences are contiguous in these streams, so every one is checked: a skipped or repeated message is an error, never a loss.
 */
export class PartitionReader {
  readonly partition: number;
  readonly stream: string;
  /** set when reading ended by itself */
  failure: Error | null = null;
  private buffer: PartitionMessage[] = [];
  private bufferedBytes = 0;
  private consumer: Consumer | null = null;
  private pulled: ConsumerMessages | null = null;
  private meanBytes = 16_384;
  private resume: (() => void) | null = null;
  private closed = false;
  private next = 1;
  private streamId = '';
  private highest = 0;
  private position = 0;

  constructor(private readonly options: ReaderOptions) {
    this.partition = options.partition;
    this.stream = options.stream;
  }

  /** Checks that the stream still is the one the checkpoint speaks of, then starts reading behind it. Throws PositionLostError. */
  async open(js: JetStreamClient, jsm: JetStreamManager, checkpoint: Checkpoint | undefined): Promise<void> {
    const position = checkpoint?.sequence ?? 0;
    const state = await streamInfo(jsm, this.stream);
    const stored = position === 0 ? null : await readMessage(jsm, this.stream, position);
    checkPosition(this.stream, checkpoint, state, stored === null ? null : messageDigest(stored.data));
    this.streamId = state.streamId;
    this.position = position;
    this.highest = Math.max(state.lastSequence, checkpoint?.highestSeen ?? 0);
    this.next = position + 1;
    this.consumer = await js.consumers.get(this.stream, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.next,
      inactive_threshold: INACTIVE_NS,
    });
    if (this.closed) return void this.close();
    void this.read(this.consumer);
  }

  /** Messages waiting here. */
  get waiting(): number {
    return this.buffer.length;
  }

  get waitingBytes(): number {
    return this.bufferedBytes;
  }

  /** The highest sequence known to exist minus the last handled one; null before it is open. */
  get lag(): number | null {
    return this.streamId === '' ? null : this.highest - this.position;
  }

  get handledUpTo(): number {
    return this.position;
  }

  /** Looks at the stream itself: notices what is waiting there, and that it is no longer the one that was read. Throws PositionLostError. */
  async observe(jsm: JetStreamManager): Promise<void> {
    if (this.streamId === '') return;
    const seen = { sequence: this.position, streamId: this.streamId, highestSeen: this.highest };
    const state = await streamInfo(jsm, this.stream);
    if (this.closed) return;
    checkStream(this.stream, seen, state);
    this.highest = Math.max(this.highest, state.lastSequence);
  }

  /** Takes messages in order, up to both limits (but at least one when any is waiting and `bytes` is untouched). */
  take(into: PartitionMessage[], limits: { messages: number; bytes: number }): void {
    let taken = 0;
    while (taken < this.buffer.length && limits.messages > 0) {
      const message = this.buffer[taken]!;
      if (message.data.length > limits.bytes && into.length > 0) break;
      into.push(message);
      limits.messages--;
      limits.bytes -= message.data.length;
      this.bufferedBytes -= message.data.length;
      taken++;
    }
    this.buffer.splice(0, taken);
    if (taken > 0) {
      this.resume?.();
      this.resume = null;
    }
  }

  /** The checkpoint to store once `last` is handled. */
  candidate(last: PartitionMessage): CheckpointCandidate {
    return {
      sequence: last.sequence,
      streamId: this.streamId,
      messageDigest: messageDigest(last.data),
      highestSeen: Math.max(this.highest, last.sequence),
    };
  }

  /** Records that everything up to `sequence` is handled. */
  handled(sequence: number): void {
    this.position = sequence;
  }

  /** Stops reading and drops what waits here. */
  async close(): Promise<void> {
    this.closed = true;
    this.buffer = [];
    this.resume?.();
    await this.pulled?.close();
    // Not waited for, as the broker may be away: it removes an unused consumer by itself.
    this.consumer?.delete().catch(() => false);
  }

  /** Pulls only what there is room for, so a slow handler never piles up messages in memory. */
  private async read(consumer: Consumer): Promise<void> {
    try {
      while (!this.closed) {
        const room = this.room();
        if (room === 0) await new Promise<void>((resolve) => (this.resume = resolve));
        else await this.pull(consumer, room);
      }
    } catch (error) {
      if (this.closed) return;
      this.failure = error as Error;
      this.options.wake();
    }
  }

  private async pull(consumer: Consumer, maxMessages: number): Promise<void> {
    this.pulled = await consumer.fetch({ max_messages: maxMessages, expires: PULL_EXPIRES_MS, idle_heartbeat: PULL_EXPIRES_MS / 4 });
    if (this.closed) return void this.pulled.close();
    for await (const message of this.pulled) {
      if (this.closed) return;
      this.push(message);
    }
  }

  /** How many messages may be pulled now, judged by the mean size so far. */
  private room(): number {
    const { prefetchMessages, prefetchBytes } = this.options;
    const bySize = Math.floor((prefetchBytes - this.bufferedBytes) / Math.max(1, this.meanBytes));
    const byCount = prefetchMessages - this.buffer.length;
    if (this.buffer.length === 0) return Math.max(1, Math.min(byCount, bySize));
    // Small refills would cost a round trip each.
    const room = Math.min(byCount, bySize);
    return room < prefetchMessages / 8 ? 0 : room;
  }

  private push(message: JsMsg): void {
    const { streamSequence, pending } = message.info;
    if (streamSequence !== this.next) throw new SequenceGapError(this.stream, this.next, streamSequence);
    this.next++;
    this.highest = Math.max(this.highest, streamSequence + pending);
    const traceparent = message.headers?.get('traceparent');
    this.buffer.push({
      partition: this.partition,
      sequence: streamSequence,
      timestampUs: Number(message.timestampNanos / 1000n),
      subject: message.subject,
      data: message.data,
      ...(traceparent ? { traceparent } : {}),
    });
    this.bufferedBytes += message.data.length;
    this.meanBytes += (message.data.length - this.meanBytes) / 16;
    this.options.wake();
  }
}

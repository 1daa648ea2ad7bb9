import { jetstream, type JetStreamClient, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { type NatsConnection } from '@nats-io/transport-node';
import { backoffMs } from './backoff.js';
import { type BatchConsumer, type PartitionBatch, type PartitionMessage } from './batch-consumer.js';
import { PositionLostError } from './check-position.js';
import { type PartitionProgress } from './consumer-metrics.js';
import { PartitionReader } from './partition-reader.js';
import { type Log } from './ports.js';
import { type StreamKind, streamOf } from './stream-names.js';

/** An answer later than this is a broker that is away; a stop must not wait longer for it. */
const API_TIMEOUT_MS = 3_000;

export interface RunnerOptions {
  nc: NatsConnection;
  kind: StreamKind;
  generation: number;
  /** null when all owned units share this runner */
  unit: number | null;
  partitions: number[];
  /** lease epoch by unit */
  epochs: Map<number, number>;
  maxMessages: number;
  maxBytes: number;
  maxWaitMs: number;
  prefetchBytes: number;
  consumer: BatchConsumer;
  logger: Log;
  onBatch?: (batch: PartitionBatch, elapsedMs: number) => void;
  onError?: (error: Error) => void;
  /** the stream is no longer the one that was read: everything of this kind has to stop */
  onPositionLost: (error: PositionLostError) => void;
}

/**
 * Loads checkpoints, checks them against the streams, reads behind them, hands over batches one at a time, and starts
 * again from the stored checkpoints after any failure. While a batch is handled the next one accumulates.
 */
export class BatchRunner {
  readonly finished: Promise<void>;
  private readers: PartitionReader[] = [];
  private readonly positions = new Map<number, number>();
  private stopping = false;
  private restarting = false;
  private wakeUp: (() => void) | null = null;
  private attempt = 0;
  private firstReader = 0;

  constructor(private readonly options: RunnerOptions) {
    this.finished = this.run();
  }

  /** The leases this runner was started with. */
  get epochs(): Map<number, number> {
    return this.options.epochs;
  }

  /** Where each partition stands; lag null while it is not being read. */
  progress(): PartitionProgress[] {
    for (const { partition, lag, handledUpTo } of this.readers) if (lag !== null) this.positions.set(partition, handledUpTo);
    return this.options.partitions.map((partition) => ({
      partition,
      lag: this.readers.find((reader) => reader.partition === partition)?.lag ?? null,
      position: this.positions.get(partition) ?? 0,
    }));
  }

  /** Messages read ahead. */
  get waitingMessages(): number {
    return this.readers.reduce((sum, reader) => sum + reader.waiting, 0);
  }

  /** Looks at the streams that are being read. Throws PositionLostError. */
  async observe(jsm: JetStreamManager): Promise<void> {
    await Promise.all(this.readers.map((reader) => reader.observe(jsm)));
  }

  /** Reads again from the stored checkpoints once the batch in hand is done: the connection was re-made. */
  restart(): void {
    this.restarting = true;
    this.wake();
  }

  /** Stops; resolves when the batch in hand is done. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.wake();
    await this.finished;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      try {
        this.restarting = false;
        await this.openReaders();
        await this.consume();
      } catch (error) {
        await this.failed(error as Error);
      } finally {
        await this.closeReaders();
      }
    }
  }

  private async failed(error: Error): Promise<void> {
    const { logger, kind, unit } = this.options;
    this.options.onError?.(error);
    if (error instanceof PositionLostError) {
      this.stopping = true;
      this.options.onPositionLost(error);
      return;
    }
    const delayMs = backoffMs(this.attempt++);
    logger.warn({ err: error, kind, unit, attempt: this.attempt, delayMs: Math.round(delayMs) }, 'a batch failed; starting again from the stored checkpoint');
    await this.closeReaders();
    await this.sleep(delayMs);
  }

  private async openReaders(): Promise<void> {
    const { nc, kind, generation, partitions, consumer } = this.options;
    const js: JetStreamClient = jetstream(nc);
    const jsm: JetStreamManager = await jetstreamManager(nc, { checkAPI: false, timeout: API_TIMEOUT_MS });
    const checkpoints = await consumer.loadCheckpoints(partitions);
    if (this.interrupted) return;
    this.readers = partitions.map(
      (partition) =>
        new PartitionReader({
          partition,
          stream: streamOf(kind, generation, partition).stream,
          prefetchMessages: this.options.maxMessages,
          prefetchBytes: Math.max(this.options.maxBytes, Math.floor(this.options.prefetchBytes / partitions.length)),
          wake: () => this.wake(),
        }),
    );
    await Promise.all(this.readers.map((reader) => reader.open(js, jsm, checkpoints.get(reader.partition))));
  }

  private async consume(): Promise<void> {
    while (!this.interrupted) {
      await this.gathered();
      if (this.interrupted) return;
      const batch = this.takeBatch();
      if (batch.messages.length === 0) continue;
      const startedAt = performance.now();
      await this.options.consumer.handle(batch);
      this.attempt = 0;
      for (const reader of this.readers) {
        const head = batch.heads.get(reader.partition);
        if (head !== undefined) reader.handled(head.sequence);
      }
      this.options.onBatch?.(batch, performance.now() - startedAt);
    }
  }

  private get interrupted(): boolean {
    return this.stopping || this.restarting;
  }

  /** Waits for a first message, then at most `maxWaitMs` more for a full batch. */
  private async gathered(): Promise<void> {
    while (!this.interrupted && this.waiting().messages === 0) await this.woken();
    const deadline = performance.now() + this.options.maxWaitMs;
    while (!this.interrupted) {
      const { messages, bytes } = this.waiting();
      const leftMs = deadline - performance.now();
      if (leftMs <= 0 || messages >= this.options.maxMessages || bytes >= this.options.maxBytes) return;
      await this.woken(leftMs);
    }
  }

  private waiting(): { messages: number; bytes: number } {
    let messages = 0;
    let bytes = 0;
    for (const reader of this.readers) {
      if (reader.failure !== null) throw reader.failure;
      messages += reader.waiting;
      bytes += reader.waitingBytes;
    }
    return { messages, bytes };
  }

  private takeBatch(): PartitionBatch {
    const messages: PartitionMessage[] = [];
    const heads: PartitionBatch['heads'] = new Map();
    const limits = { messages: this.options.maxMessages, bytes: this.options.maxBytes };
    // Another partition goes first each time, so that a busy one cannot starve the rest.
    const count = this.readers.length;
    for (let i = 0; i < count && limits.messages > 0 && limits.bytes > 0; i++) {
      const reader = this.readers[(this.firstReader + i) % count]!;
      const before = messages.length;
      reader.take(messages, limits);
      if (messages.length > before) heads.set(reader.partition, reader.candidate(messages[messages.length - 1]!));
    }
    this.firstReader = (this.firstReader + 1) % Math.max(1, count);
    return { unit: this.options.unit, messages, epochs: new Map(this.options.epochs), heads };
  }

  private async closeReaders(): Promise<void> {
    const readers = this.readers;
    this.readers = [];
    await Promise.all(readers.map((reader) => reader.close()));
  }

  private wake(): void {
    const wakeUp = this.wakeUp;
    this.wakeUp = null;
    wakeUp?.();
  }

  private async woken(timeoutMs?: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => this.wake(), timeoutMs);
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private async sleep(ms: number): Promise<void> {
    const until = performance.now() + ms;
    for (let left = ms; left > 0 && !this.stopping; left = until - performance.now()) await this.woken(left);
  }
}

import { jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection } from '@nats-io/transport-node';
import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { type Meter } from '@opentelemetry/api';
import { lastValueFrom } from 'rxjs';
import { type BatchConsumer, type PartitionBatch } from './batch-consumer.js';
import { BatchRunner } from './batch-runner.js';
import { PositionLostError } from './check-position.js';
import { batchPattern } from './consume-batches.js';
import { ConsumerMetrics, type PartitionProgress } from './consumer-metrics.js';
import { type Log, type ReadinessRegistry, type UnitLeases } from './ports.js';
import { StallWatch } from './stall-watch.js';
import { partitionCount, type StreamKind } from './stream-names.js';
import { traceBatch } from './trace-batch.js';

export interface JetStreamBatchOptions {
  nc: NatsConnection;
  kind: StreamKind;
  generation: number;
  partitions: number;
  /** units of work that leases are held on; unit u owns the partitions p with p % units == u. Default: one per partition */
  units?: number;
  leases: UnitLeases;
  /** `unit`: one batch at a time per unit, units side by side. `merged`: one batch at a time, over all owned units. */
  mode: 'unit' | 'merged';
  maxMessages: number;
  maxBytes: number;
  /** how long a started batch may wait to fill; 0: what is there is a batch */
  maxWaitMs: number;
  /** bytes that may wait in memory per runner, shared by its partitions; default 16 MiB */
  prefetchBytes?: number;
  /** where the consumer stands; the handler itself is found by its `@ConsumeBatches(kind)` */
  checkpoints: Pick<BatchConsumer, 'loadCheckpoints'>;
  readiness: ReadinessRegistry;
  logger: Log;
  meter: Meter;
}

const OBSERVE_EVERY_MS = 2_000;

/**
 * A Nest transport that hands JetStream partitions to `@ConsumeBatches` handlers in batches, for the units whose leases this
 * process holds. Positions live in the service's own store; the broker's consumers are disposable.
 */
export class JetStreamBatchStrategy extends Server implements CustomTransportStrategy {
  private readonly runners = new Map<number | null, BatchRunner>();
  private readonly watches = new Map<number, StallWatch>();
  private readonly metrics: ConsumerMetrics;
  private readonly changes = new Map<number | null, Promise<void>>();
  private lost: PositionLostError | null = null;
  private closing = false;
  private listening = false;
  private connected = true;
  private observing: NodeJS.Timeout | undefined;

  constructor(private readonly options: JetStreamBatchOptions) {
    super();
    this.metrics = new ConsumerMetrics(options.meter, options.kind, () => this.progress());
    options.readiness.register(`consume ${options.kind}`, () => this.ready());
  }

  listen(callback: (error?: unknown) => void): void {
    this.start().then(() => callback(), callback);
  }

  /** Stops reading, lets the batch in hand finish, then gives the leases back. */
  async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    clearInterval(this.observing);
    await Promise.all([...this.runners.values()].map((runner) => runner.stop()));
    await Promise.all(this.changes.values());
    this.runners.clear();
    await this.options.leases.stop();
  }

  on(): void {}

  unwrap<T>(): T {
    return this.options.nc as T;
  }

  /** Where every partition read by this process stands. */
  progress(): PartitionProgress[] {
    return [...this.runners.values()].flatMap((runner) => runner.progress());
  }

  /** Messages read ahead, waiting in this process. */
  waiting(): number {
    return [...this.runners.values()].reduce((sum, runner) => sum + runner.waitingMessages, 0);
  }

  private async start(): Promise<void> {
    const { leases, kind, mode } = this.options;
    if (this.getHandlerByPattern(batchPattern(kind)) === null) throw new Error(`No handler is decorated with @ConsumeBatches('${kind}')`);
    leases.onAcquire((unit) => this.change(mode === 'unit' ? unit : null));
    leases.onLose((unit) => this.change(mode === 'unit' ? unit : null));
    void this.watchConnection();
    this.observing = setInterval(() => void this.observe(), OBSERVE_EVERY_MS);
    this.listening = true;
    await leases.start();
    for (const unit of leases.held().keys()) this.change(mode === 'unit' ? unit : null);
  }

  /** Brings a runner in line with the leases held now. A runner's changes follow one another, each after the batch in hand. */
  private change(key: number | null): void {
    const before = this.changes.get(key) ?? Promise.resolve();
    this.changes.set(
      key,
      before.then(async () => {
        const current = this.runners.get(key);
        if (current !== undefined && sameEpochs(current.epochs, this.epochsOf(key))) return;
        await current?.stop();
        this.runners.delete(key);
        const epochs = this.epochsOf(key);
        if (epochs.size > 0 && !this.closing && this.lost === null) this.runners.set(key, this.run(key, epochs));
      }),
    );
  }

  private epochsOf(key: number | null): Map<number, number> {
    const held = this.options.leases.held();
    return new Map([...held].filter(([unit]) => key === null || unit === key));
  }

  private run(key: number | null, epochs: Map<number, number>): BatchRunner {
    const { kind, generation, logger } = this.options;
    const partitions = this.partitionsOf(epochs);
    logger.info({ kind, units: Object.fromEntries(epochs), partitions }, 'consuming');
    return new BatchRunner({
      nc: this.options.nc,
      kind,
      generation,
      unit: key,
      partitions,
      epochs,
      maxMessages: this.options.maxMessages,
      maxBytes: this.options.maxBytes,
      maxWaitMs: this.options.maxWaitMs,
      prefetchBytes: this.options.prefetchBytes ?? 16 * 1024 * 1024,
      consumer: { loadCheckpoints: (wanted) => this.options.checkpoints.loadCheckpoints(wanted), handle: (batch) => this.handle(batch) },
      logger,
      onBatch: (batch, elapsedMs) => this.metrics.batch(batch, elapsedMs),
      onError: (error) => this.metrics.failure(error),
      onPositionLost: (error) => this.stopForGood(error),
    });
  }

  private partitionsOf(epochs: Map<number, number>): number[] {
    const count = partitionCount(this.options.kind, this.options.partitions);
    const units = this.options.units ?? count;
    return Array.from({ length: count }, (_, partition) => partition).filter((partition) => epochs.has(partition % units));
  }

  private async handle(batch: PartitionBatch): Promise<void> {
    const handler = this.getHandlerByPattern(batchPattern(this.options.kind))!;
    await traceBatch(`consume ${this.options.kind}`, batch, async (traced) => {
      const result = await handler(traced);
      await lastValueFrom(this.transformToObservable(result), { defaultValue: undefined });
    });
  }

  /** One partition whose stream is not the one that was read stops them all: the broker lost data, or it is another broker. */
  private stopForGood(error: PositionLostError): void {
    if (this.lost !== null) return;
    this.lost = error;
    this.options.logger.error({ err: error, kind: this.options.kind }, 'consumption stopped');
    for (const runner of this.runners.values()) void runner.stop();
  }

  /** After a reconnect the broker may be another one, or rewound: read again from the stored checkpoints, which are checked. */
  private async watchConnection(): Promise<void> {
    for await (const status of this.options.nc.status()) {
      if (this.closing) return;
      if (status.type === 'disconnect') this.connected = false;
      if (status.type !== 'reconnect') continue;
      this.connected = true;
      for (const runner of this.runners.values()) runner.restart();
    }
  }

  private async observe(): Promise<void> {
    const now = performance.now();
    try {
      const jsm = await jetstreamManager(this.options.nc, { checkAPI: false, timeout: OBSERVE_EVERY_MS });
      await Promise.all([...this.runners.values()].map((runner) => runner.observe(jsm)));
    } catch (error) {
      if (error instanceof PositionLostError) this.stopForGood(error);
    }
    const progress = this.progress();
    for (const partition of this.watches.keys()) if (!progress.some((one) => one.partition === partition)) this.watches.delete(partition);
    for (const { partition, lag, position } of progress) {
      const watch = this.watches.get(partition) ?? new StallWatch(now);
      this.watches.set(partition, watch);
      watch.observe(lag, position, now);
    }
  }

  private ready(): { ok: true } | { ok: false; reason: string } {
    if (this.lost !== null) return { ok: false, reason: this.lost.message };
    if (!this.listening) return { ok: false, reason: 'not started' };
    if (!this.connected) return { ok: false, reason: 'the broker is away' };
    const now = performance.now();
    for (const [partition, watch] of this.watches) {
      const reason = watch.stalled(now);
      if (reason !== null) return { ok: false, reason: `partition ${partition}: ${reason}` };
    }
    return { ok: true };
  }
}

function sameEpochs(a: Map<number, number>, b: Map<number, number>): boolean {
  return a.size === b.size && [...a].every(([unit, epoch]) => b.get(unit) === epoch);
}

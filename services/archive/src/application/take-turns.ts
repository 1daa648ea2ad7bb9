import { setTimeout as delay } from 'node:timers/promises';
import { type ArchivePartition } from './archive-partition.js';
import { type TrimPartition } from './trim-partition.js';

export interface TurnLeases {
  start(): Promise<void>;
  stop(): Promise<void>;
  onAcquire(callback: () => void): void;
  onLose(callback: (unit: number) => void): void;
  /** Epoch by partition. */
  held(): Map<number, number>;
}

export interface TurnOptions {
  archive: Pick<ArchivePartition, 'execute'>;
  trim: Pick<TrimPartition, 'execute'>;
  leases: TurnLeases;
  everyMs: number;
  /** After a turn in which a partition failed. */
  retryMs: number;
  logger: { warn(fields: object, message: string): void };
}

/**
 * Archives and trims every partition whose lease this process holds, one after another, again and again. One at a time bounds the memory
 * to one file; a partition that fails does not hold up the others and is tried again in the next turn.
 */
export class TakeTurns {
  private readonly failures = new Map<number, string>();
  private readonly stopping = new AbortController();
  private wakeUp = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: TurnOptions) {}

  async start(): Promise<void> {
    const { leases } = this.options;
    leases.onAcquire(() => this.wakeUp.abort());
    leases.onLose((partition) => this.failures.delete(partition));
    await leases.start();
    this.running = this.run();
  }

  /** Lets the file in hand be finished. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wakeUp.abort();
    await this.running;
    await this.options.leases.stop();
  }

  /** What went wrong in the last turn, by partition; empty when all is well. */
  get problems(): ReadonlyMap<number, string> {
    return this.failures;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.wakeUp = new AbortController();
      for (const partition of this.options.leases.held().keys()) await this.turn(partition);
      const { everyMs, retryMs } = this.options;
      await delay(this.failures.size > 0 ? Math.min(retryMs, everyMs) : everyMs, undefined, { signal: AbortSignal.any([this.stopping.signal, this.wakeUp.signal]) }).catch(() => undefined);
    }
  }

  private async turn(partition: number): Promise<void> {
    const { leases, archive, trim, logger } = this.options;
    const epoch = leases.held().get(partition);
    if (epoch === undefined || this.stopping.signal.aborted) return;
    const owned = (): boolean => !this.stopping.signal.aborted && leases.held().get(partition) === epoch;
    try {
      await archive.execute({ partition, epoch }, owned);
      if (owned()) await trim.execute({ partition, epoch });
      this.failures.delete(partition);
    } catch (error) {
      if ((error as Error).name === 'LeaseLostError' || !owned()) return;
      this.failures.set(partition, (error as Error).message);
      logger.warn({ err: error, partition }, 'archiving or trimming failed; nothing is trimmed before it is archived');
    }
  }
}

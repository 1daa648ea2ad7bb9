import { setTimeout as delay } from 'node:timers/promises';
import { type Logger } from 'pino';
import { type KeepRetention } from './keep-retention.js';

export interface RetentionLease {
  start(): Promise<void>;
  stop(): Promise<void>;
  onAcquire(callback: () => void): void;
  held(): Map<number, number>;
}

/** Looks after retention again and again, in the one copy that holds the lease. */
export class RetentionWorker {
  private readonly stopping = new AbortController();
  private wakeUp = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly keepRetention: Pick<KeepRetention, 'execute'>,
    private readonly lease: RetentionLease,
    private readonly everyMs: number,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  async start(): Promise<void> {
    this.lease.onAcquire(() => this.wakeUp.abort());
    await this.lease.start();
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.lease.stop();
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.wakeUp = new AbortController();
      const epoch = this.lease.held().get(0);
      if (epoch !== undefined) {
        await this.keepRetention.execute({ epoch }).catch((error: Error) => this.logger.warn({ err: error }, 'retention failed; nothing is dropped before it is sealed'));
      }
      await delay(this.everyMs, undefined, { signal: AbortSignal.any([this.stopping.signal, this.wakeUp.signal]) }).catch(() => undefined);
    }
  }
}

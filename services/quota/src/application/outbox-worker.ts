import { type PublishDecisions } from './publish-decisions.js';

export interface OutboxLog {
  warn(fields: object, message: string): void;
}

/** Whether this copy is the one that publishes. */
export interface OutboxLease {
  start(): Promise<void>;
  stop(): Promise<void>;
  onAcquire(callback: () => void): void;
  held(): Map<number, number>;
}

const POLL_MS = 1_000;
const RETRY_MS = 250;

/** Publishes decisions as soon as they are committed, in the one copy that holds the lease. */
export class OutboxWorker {
  private stopping = false;
  private due = true;
  private wakeUp: () => void = () => undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly publishDecisions: PublishDecisions,
    private readonly lease: OutboxLease,
    private readonly logger: OutboxLog,
  ) {}

  async start(): Promise<void> {
    this.lease.onAcquire(() => this.wake());
    await this.lease.start();
    this.running = this.run();
  }

  /** Whether this is the copy that publishes. */
  get publishes(): boolean {
    return this.lease.held().size > 0;
  }

  /** Something may be waiting: called after a commit of this copy, and on a notice of another's. */
  wake(): void {
    this.due = true;
    this.wakeUp();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.wakeUp();
    await this.running;
    await this.lease.stop();
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      this.due = false;
      try {
        if (this.mayPublish()) await this.publishDecisions.execute(() => this.mayPublish());
      } catch (error) {
        this.logger.warn({ err: error }, 'decisions could not be published; they wait in the outbox');
        await this.pause(RETRY_MS);
        this.due = true;
      }
      if (!this.due) await this.pause(POLL_MS);
    }
  }

  private mayPublish(): boolean {
    return !this.stopping && this.publishes;
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

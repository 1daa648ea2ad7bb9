import { type DeliverMails } from './deliver-mails.js';

export interface MailLog {
  warn(fields: object, message: string): void;
}

/** Whether this copy is the one that sends. */
export interface MailLease {
  start(): Promise<void>;
  stop(): Promise<void>;
  held(): Map<number, number>;
}

export interface MailWorkerOptions {
  readonly deliverMails: DeliverMails;
  readonly lease: MailLease;
  /** Asks the server how it is, when it is time for that. */
  readonly checkServer: () => Promise<void>;
  /** After a failure. */
  readonly pauseMs: number;
  readonly logger: MailLog;
}

const POLL_MS = 1_000;
/** A mail on its way when the service ends may still be taken by the server; longer than this nobody waits for it. */
const LEAVE_MS = 5_000;

/** Sends mails as soon as they are committed, in the one copy that holds the lease. */
export class MailWorker {
  private stopping = false;
  private due = true;
  private wakeUp: () => void = () => undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: MailWorkerOptions) {}

  async start(): Promise<void> {
    await this.options.lease.start();
    this.running = this.run();
  }

  /** Something may be waiting: called after a commit of this copy. What others commit is found by polling. */
  wake(): void {
    this.due = true;
    this.wakeUp();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.wakeUp();
    const leave = new AbortController();
    await Promise.race([this.running, pause(LEAVE_MS, leave.signal)]);
    leave.abort();
    await this.options.lease.stop();
  }

  private async run(): Promise<void> {
    const { deliverMails, checkServer, pauseMs, logger } = this.options;
    while (!this.stopping) {
      this.due = false;
      let well = true;
      try {
        await checkServer();
        if (this.maySend()) well = await deliverMails.execute(() => this.maySend());
      } catch (error) {
        well = false;
        logger.warn({ err: error }, 'mails could not be looked for; they wait in the outbox');
      }
      if (!well) await this.rest(pauseMs);
      else if (!this.due) await this.rest(POLL_MS, true);
    }
  }

  private maySend(): boolean {
    return !this.stopping && this.options.lease.held().size > 0;
  }

  /** @param wakeable whether something new ends it; the end of the service does always */
  private async rest(ms: number, wakeable = false): Promise<void> {
    const over = new AbortController();
    this.wakeUp = () => {
      if (wakeable || this.stopping) over.abort();
    };
    await pause(ms, over.signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

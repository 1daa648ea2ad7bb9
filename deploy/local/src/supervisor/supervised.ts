import { setTimeout as delay } from 'node:timers/promises';
import { type Exit } from '../process/launch.js';

/** A process that answers. */
export interface Running {
  readonly pid: number;
  readonly exited: Promise<unknown>;
  stop(): Promise<unknown>;
}

export interface Part {
  name: string;
  /** Resolves when it answers; rejects with a message for the operator, and when `signal` aborts. Called again after every unexpected end. */
  start(signal: AbortSignal): Promise<Running>;
}

const FIRST_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 5_000;
/** A part that ran this long has recovered: its next end is a new story. */
const STEADY_AFTER_MS = 30_000;

function howItEnded(exit: unknown): string {
  const { code, signal } = exit as Exit;
  return signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
}

/** One part of the stack, kept running: started again, with growing pauses, whenever it ends by itself. */
export class Supervised {
  private running: Running | undefined;
  private starting: Promise<Running> | undefined;
  private wanted = true;
  private backoffMs = FIRST_BACKOFF_MS;
  private readonly givenUp = new AbortController();

  constructor(
    readonly part: Part,
    private readonly say: (line: string) => void,
    private readonly onPid: (name: string, pid: number) => void,
  ) {}

  /** The first start. Rejects when it fails: at that point someone is watching. */
  async up(): Promise<void> {
    this.watch(await this.start());
  }

  private async start(): Promise<Running> {
    this.starting = this.part.start(this.givenUp.signal);
    const running = await this.starting;
    this.running = running;
    this.onPid(this.part.name, running.pid);
    return running;
  }

  private watch(running: Running): void {
    const since = Date.now();
    void running.exited.then((exit) => {
      if (!this.wanted) return;
      if (Date.now() - since > STEADY_AFTER_MS) this.backoffMs = FIRST_BACKOFF_MS;
      void this.restart(howItEnded(exit));
    });
  }

  private async restart(reason: string): Promise<void> {
    const { name } = this.part;
    this.say(`${name} ${reason}; starting it again in ${this.backoffMs / 1000} s`);
    const endedAt = Date.now();
    for (;;) {
      await delay(this.backoffMs, undefined, { signal: this.givenUp.signal }).catch(() => undefined);
      this.backoffMs = Math.min(this.backoffMs * 2, MAX_BACKOFF_MS);
      if (!this.wanted) return;
      try {
        const running = await this.start();
        this.say(`${name} is back (process ${running.pid}, ${((Date.now() - endedAt) / 1000).toFixed(1)} s)`);
        return this.watch(running);
      } catch (error) {
        if (!this.wanted) return;
        this.say(`${name} did not start: ${(error as Error).message}; trying again in ${this.backoffMs / 1000} s`);
      }
    }
  }

  /** Ends it for good. */
  async down(): Promise<void> {
    this.wanted = false;
    this.givenUp.abort();
    const late = await this.starting?.catch(() => undefined);
    await (this.running ?? late)?.stop();
    if (late && late !== this.running) await late.stop();
  }
}

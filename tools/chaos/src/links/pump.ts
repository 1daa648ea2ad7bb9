import { type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Flow } from './link-behaviour.js';

const MS_PER_S = 1_000;

/** Carries bytes one way, in order, as its flow says. */
export class Pump {
  private readonly waiting: Buffer[] = [];
  private ended = false;
  private working = false;
  private held = false;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private flow: Flow,
  ) {
    from.on('data', (chunk: Buffer) => {
      this.waiting.push(chunk);
      void this.work();
    });
    from.on('end', () => {
      this.ended = true;
      void this.work();
    });
    from.resume();
  }

  /** What waits because it was held goes on as the new flow says. */
  behave(flow: Flow): void {
    this.flow = flow;
    this.held = false;
    void this.work();
  }

  private async work(): Promise<void> {
    if (this.working) return;
    this.working = true;
    while (!this.held && this.waiting.length > 0 && !this.to.destroyed) await this.carry(this.waiting.shift()!);
    this.working = false;
    if (this.ended && !this.held && this.waiting.length === 0 && !this.to.destroyed) this.to.end();
  }

  private async carry(chunk: Buffer): Promise<void> {
    const { flow } = this;
    if (flow.kind === 'swallow') return;
    if (flow.kind === 'slow') {
      await delay(flow.latencyMs + (chunk.length / flow.bytesPerSecond) * MS_PER_S);
    } else if (flow.kind === 'hold' && flow.starts.test(chunk.toString('latin1'))) {
      const half = chunk.length >> 1;
      this.waiting.unshift(chunk.subarray(half));
      this.held = true;
      this.to.write(chunk.subarray(0, half));
      flow.onHeld();
      return;
    }
    if (!this.to.write(chunk)) await this.drained();
  }

  /** Slow receivers slow down the sender instead of filling memory. */
  private async drained(): Promise<void> {
    this.from.pause();
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.to.off('drain', done).off('close', done);
        resolve();
      };
      this.to.on('drain', done).on('close', done);
    });
    this.from.resume();
  }
}

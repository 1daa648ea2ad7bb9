import { describe, expect, it } from '@jest/globals';
import { type Running, Supervised } from './supervised.js';

/** A part whose processes end when told to. */
class Scripted {
  starts = 0;
  stopped = 0;
  failuresBeforeStart = 0;
  private end: (exit: unknown) => void = () => undefined;
  private readonly waiting: (() => void)[] = [];

  readonly part = {
    name: 'pricing',
    start: async (): Promise<Running> => {
      if (this.failuresBeforeStart-- > 0) throw new Error('the port is still taken');
      const exited = new Promise((resolve) => (this.end = resolve));
      this.starts += 1;
      this.waiting.splice(0).forEach((tell) => tell());
      return { pid: 100 + this.starts, exited, stop: async () => void (this.stopped += 1) };
    },
  };

  /** Ends the process and waits for the next start. */
  async crash(): Promise<void> {
    const next = new Promise<void>((resolve) => this.waiting.push(resolve));
    this.end({ code: null, signal: 'SIGKILL' });
    await next;
    await new Promise(setImmediate);
  }
}

function supervise(scripted: Scripted): { supervised: Supervised; said: string[]; pids: number[] } {
  const said: string[] = [];
  const pids: number[] = [];
  return { supervised: new Supervised(scripted.part, (line) => said.push(line), (_name, pid) => pids.push(pid)), said, pids };
}

describe('a supervised part', () => {
  it('is started again when it is killed, and the terminal says so', async () => {
    const scripted = new Scripted();
    const { supervised, said, pids } = supervise(scripted);
    await supervised.up();
    await scripted.crash();
    expect(pids).toEqual([101, 102]);
    expect(said[0]).toBe('pricing was ended by SIGKILL; starting it again in 0.2 s');
    expect(said[1]).toMatch(/^pricing is back \(process 102, /);
    await supervised.down();
    expect(scripted.stopped).toBe(1);
  });

  it('waits longer each time that it does not come back', async () => {
    const scripted = new Scripted();
    const { supervised, said } = supervise(scripted);
    await supervised.up();
    scripted.failuresBeforeStart = 1;
    await scripted.crash();
    expect(said[1]).toBe('pricing did not start: the port is still taken; trying again in 0.4 s');
    expect(scripted.starts).toBe(2);
    await supervised.down();
  });

  it('is not started again once it is meant to be down', async () => {
    const scripted = new Scripted();
    const { supervised, said } = supervise(scripted);
    await supervised.up();
    await supervised.down();
    expect([scripted.starts, scripted.stopped, said]).toEqual([1, 1, []]);
  });

  it('tells the first start\'s failure to whoever is watching', async () => {
    const scripted = new Scripted();
    scripted.failuresBeforeStart = 1;
    await expect(supervise(scripted).supervised.up()).rejects.toThrow('the port is still taken');
  });
});

import { describe, expect, it } from '@jest/globals';
import { ProgressWatch, Readiness } from '../index.js';

describe('readiness', () => {
  it('is ready only while every check is well, and says which is not', async () => {
    const readiness = new Readiness();
    expect((await readiness.evaluate()).ready).toBe(true);
    readiness.register('one', () => ({ ok: true }));
    readiness.register('two', async () => ({ ok: false, reason: 'run recover' }));
    expect(await readiness.evaluate()).toEqual({ ready: false, checks: { one: { ok: true }, two: { ok: false, reason: 'run recover' } } });
  });

  it('a check that throws has failed; it does not break the report', async () => {
    const readiness = new Readiness();
    readiness.register('broken', () => {
      throw new Error('gone');
    });
    expect(await readiness.evaluate()).toEqual({ ready: false, checks: { broken: { ok: false, reason: 'gone' } } });
  });

  it('a draining service is never ready', async () => {
    const readiness = new Readiness();
    readiness.drain();
    expect((await readiness.evaluate()).ready).toBe(false);
  });
});

describe('progress', () => {
  function watched() {
    let now = 0;
    return { watch: new ProgressWatch({ nowMs: () => now }, 30_000), to: (ms: number) => (now = ms) };
  }

  it('work that waits for 30 s without progress is reported', () => {
    const { watch, to } = watched();
    watch.observe(5, 100);
    to(10_000);
    watch.observe(9, 100);
    to(29_999);
    expect(watch.check().ok).toBe(true);
    to(30_000);
    expect(watch.check()).toEqual({ ok: false, reason: 'no progress at position 100 for 30 s with 9 messages waiting' });
  });

  it('a lag that is being worked off is well, however large', () => {
    const { watch, to } = watched();
    for (let step = 0; step < 10; step++) {
      to(step * 20_000);
      watch.observe(1_000_000 + step, step);
      expect(watch.check().ok).toBe(true);
    }
  });

  it('an idle consumer is well; its wait begins with the first message', () => {
    const { watch, to } = watched();
    watch.observe(0, 7);
    to(500_000);
    expect(watch.check().ok).toBe(true);
    watch.observe(1, 7);
    to(529_999);
    expect(watch.check().ok).toBe(true);
    to(530_000);
    expect(watch.check().ok).toBe(false);
    watch.observe(1, 8);
    expect(watch.check().ok).toBe(true);
  });
});

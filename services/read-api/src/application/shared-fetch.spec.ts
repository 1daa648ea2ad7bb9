import { expect, it } from '@jest/globals';
import { SharedFetch } from './shared-fetch.js';

/** A fetch whose answers are given out by hand. */
function manual() {
  const waiting: ((value: number) => void)[] = [];
  const shared = new SharedFetch(() => new Promise<number>((resolve) => waiting.push(resolve)));
  return { shared, waiting };
}

it('whoever asks while a fetch runs gets the next one, and shares it', async () => {
  const { shared, waiting } = manual();
  const first = shared.get();
  const second = shared.get();
  const third = shared.get();
  expect(waiting.length).toBe(1);
  waiting[0]!(1);
  expect(await first).toBe(1);
  while (waiting.length < 2) await Promise.resolve();
  waiting[1]!(2);
  expect(await Promise.all([second, third])).toEqual([2, 2]);
  expect(waiting.length).toBe(2);
});

it('a fetch that fails is not handed to those who asked later', async () => {
  let calls = 0;
  const shared = new SharedFetch(() => (++calls === 1 ? Promise.reject(new Error('away')) : Promise.resolve(calls)));
  const first = shared.get();
  const second = shared.get();
  await expect(first).rejects.toThrow('away');
  expect(await second).toBe(2);
  expect(await shared.get()).toBe(3);
});

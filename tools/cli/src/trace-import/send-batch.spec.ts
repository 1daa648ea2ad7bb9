import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ApiAnswer, type ApiTransport } from '../connection/api-client.js';
import { type RetryPolicy, sendBatch } from './send-batch.js';

/** Time that only passes by waiting. */
function policy(giveUpMs = 60_000): RetryPolicy & { waited: number[] } {
  let now = 0;
  const waited: number[] = [];
  return { giveUpMs, waited, nowMs: () => now, sleepMs: async (ms) => void ((now += ms), waited.push(ms)) };
}

function api(answer: (events: unknown[], call: number) => ApiAnswer): ApiTransport & { calls: unknown[][] } {
  const calls: unknown[][] = [];
  return { calls, send: async (_method, _path, body) => answer(calls[calls.push(JSON.parse(body!) as unknown[]) - 1]!, calls.length) };
}

describe('sending a batch', () => {
  it('settles every event exactly once, whatever mixture of answers comes on the way', async () => {
    const fate = fc.constantFrom('accepted', 'rejected', 'unknown', 'unavailable', 'reset');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 20 }), fc.array(fate, { minLength: 1, maxLength: 60 }), async (count, fates) => {
        let next = 0;
        const settled = new Map<number, string>();
        const transport = api((events) => {
          const whole = fates[next++ % fates.length]!;
          if (next < 100 && whole === 'unavailable') return { status: 503, body: {} };
          if (next < 100 && whole === 'reset') throw new Error('ECONNRESET');
          const results = events.flatMap((event, index) => {
            const status = next < 100 ? fates[(next + index) % fates.length]! : 'accepted';
            const said = status === 'rejected' || status === 'unknown' ? status : 'accepted';
            if (said !== 'unknown') {
              expect(settled.has(event as number)).toBe(false);
              settled.set(event as number, said);
            }
            return said === 'accepted' ? [] : [{ index, status: said, field: 'f', reason: 'r' }];
          });
          return { status: 207, body: { results } };
        });
        const refused = await sendBatch(transport, Array.from({ length: count }, (_, i) => String(i)), policy(1e9));
        expect(settled.size).toBe(count);
        expect(refused.map(({ index }) => index)).toEqual([...settled].filter(([, said]) => said === 'rejected').map(([event]) => event).sort((a, b) => a - b));
      }),
    );
  });

  it('sends only what was not acknowledged again, with the same bytes', async () => {
    const transport = api((_, call) => (call === 1 ? { status: 207, body: { results: [{ index: 1, status: 'unknown' }] } } : { status: 202, body: { results: [] } }));
    await sendBatch(transport, ['{"id":"a"}', '{"id":"b"}', '{"id":"c"}'], policy());
    expect(transport.calls).toEqual([[{ id: 'a' }, { id: 'b' }, { id: 'c' }], [{ id: 'b' }]]);
  });

  it('waits as long as Retry-After asks', async () => {
    const timing = policy();
    await sendBatch(api((_, call) => (call === 1 ? { status: 503, body: {}, retryAfterS: 7 } : { status: 202, body: { results: [] } })), ['1'], timing);
    expect(timing.waited).toEqual([7000]);
  });

  it('gives up when nothing has moved for the time allowed, and says that running it again is safe', async () => {
    await expect(sendBatch(api(() => ({ status: 503, body: { detail: 'broker away' } })), ['1'], policy(20_000))).rejects.toThrow(/Gave up after 20 s: 503 broker away.*not counted twice/);
  });

  it('stops at an answer that no retry can change', async () => {
    await expect(sendBatch(api(() => ({ status: 401, body: { detail: 'no such key' } })), ['1'], policy())).rejects.toThrow('401 no such key');
  });
});

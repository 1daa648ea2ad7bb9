import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@ledgerline/testing';
import { startLocalStack, type LocalStack } from './local-stack.js';
import { traces, type Trace } from './trace-file.js';
import { alertsOf, expectedOf, importTraces, quotaSumsOf, summaryOf, type Expected } from './usage-check.js';

let stack: LocalStack;
let files: Trace[];
let expected: Expected;

beforeAll(async () => {
  stack = await startLocalStack();
  files = traces(stack.home);
  expected = expectedOf(files);
}, 120_000);
afterAll(async () => {
  await stack?.dispose();
});

describe('the whole path', () => {
  it('takes one event to a priced row and a summary, once, however often it is sent', async () => {
    const event = { id: 'first', customer_id: 'acme', provider: 'openai', model: 'gpt-4', usage: { input_tokens: 1500, output_tokens: 500 } };
    const sent = await stack.request<{ results: { usage_id: string }[] }>('POST', '/v1/events', event);
    const again = await stack.request('POST', '/v1/events', event);
    expect([sent.status, again.status, again.body]).toEqual([202, 202, sent.body]);
    const read = await stack.request('GET', `/v1/events/${sent.body.results[0]!.usage_id}`);
    expect([read.status, read.body]).toEqual([200, expect.objectContaining({ id: 'first', customer_id: 'acme', cost_usd: '0.075' })]);
    await eventually(async () => expect(await summaryOf(stack, 'acme')).toMatchObject({ event_count: 1, cost_usd: '0.075', unpriced_events: 0 }), { timeoutMs: 10_000 });
  });

  it('keeps what it has no price for as unpriced, and a failed call as a request that cost nothing', async () => {
    await stack.request('POST', '/v1/events', [
      { id: 'u', customer_id: 'odd', provider: 'openai', model: 'gpt-99', usage: { input_tokens: 7 } },
      { id: 'f', customer_id: 'odd', provider: 'openai', model: 'gpt-4', usage: {}, status: 'error', error_code: '500' },
    ]);
    await eventually(async () => expect(await summaryOf(stack, 'odd')).toMatchObject({ event_count: 2, input_tokens: 7, cost_usd: '0', unpriced_events: 1 }), {
      timeoutMs: 10_000,
    });
  });

  it('makes a key that can send events and nothing else, and a customer from its first event', async () => {
    const { code, output } = await stack.cli('keys', 'create', '--name', 'gateway', '--scope', 'ingest', '--json');
    expect(code).toBe(0);
    const { key } = JSON.parse(output) as { key: string };
    const event = { customer_id: 'newcomer', provider: 'openai', model: 'gpt-4', usage: { input_tokens: 0 } };
    expect((await stack.request('POST', '/v1/events', event, key)).status).toBe(202);
    expect((await stack.request('GET', '/v1/events?customer_id=acme', undefined, key)).status).toBe(403);
    expect((await stack.request('GET', '/v1/quotas', undefined, 'wrong')).status).toBe(401);
    await eventually(async () => expect(JSON.stringify((await stack.request('GET', '/v1/customers')).body)).toContain('newcomer'), { timeoutMs: 10_000 });
  });

  it('has the traces exact in ClickHouse, in the quota sums and over the API, and the same after importing them again', async () => {
    for (const round of ['first', 'second']) {
      await importTraces(stack, files, 'trace');
      await eventually(async () => expect([round, await summaryOf(stack, 'trace')]).toEqual([round, expect.objectContaining(expected.summary)]), { timeoutMs: 30_000 });
      await eventually(async () => expect([round, await quotaSumsOf(stack, 'trace')]).toEqual([round, expected.quota]), { timeoutMs: 30_000 });
    }
  }, 120_000);

  it('raises the 80 % and the 100 % alert once each for a quota set after usage began', async () => {
    expect(await stack.cli('quotas', 'set', '--customer', 'trace', '--metric', 'tokens', '--limit', '1000000')).toMatchObject({ code: 0 });
    await eventually(async () => expect((await alertsOf(stack, 'trace')).map((alert) => alert.threshold_percent)).toEqual([80, 100]), { timeoutMs: 15_000 });
    expect((await alertsOf(stack, 'trace'))[0]).toMatchObject({ customer_id: 'trace', status: 'active', limit: '1000000', value: expected.quota.tokens });
  });

  it('agrees with itself: audit exits 0', async () => {
    const { code, output } = await stack.cli('audit');
    expect({ code, output }).toMatchObject({ code: 0 });
  }, 60_000);

  it('finds everything again at the next start, and leaves no process behind', async () => {
    const { processes } = stack.file();
    expect(await stack.stop()).toBe(0);
    for (const pid of Object.values(processes)) expect(() => process.kill(pid, 0)).toThrow();
    await stack.start();
    expect(await summaryOf(stack, 'trace')).toMatchObject(expected.summary);
    expect((await alertsOf(stack, 'trace')).length).toBe(2);
    await importTraces(stack, files.slice(0, 1), 'trace');
    expect(await stack.cli('audit')).toMatchObject({ code: 0 });
    expect(await summaryOf(stack, 'trace')).toMatchObject(expected.summary);
  }, 120_000);
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@ledgerline/testing';
import { startLocalStack, type LocalStack } from './local-stack.js';
import { alertsOf, quotaSumsOf, summaryOf } from './usage-check.js';

let stack: LocalStack;

beforeAll(async () => {
  stack = await startLocalStack();
}, 120_000);
afterAll(async () => {
  await stack?.dispose();
});

async function send(id: string, more: object = {}): Promise<string> {
  const event = { id, customer_id: 'acme', provider: 'openai', model: 'gpt-4', usage: { input_tokens: 1_000 }, ...more };
  const { body } = await stack.request<{ results: { usage_id: string }[] }>('POST', '/v1/events', event);
  return body.results[0]!.usage_id;
}

const correct = (usageId: string, body: object) => stack.request<{ code?: string; correction_id?: string }>('POST', `/v1/events/${usageId}/corrections`, { reason: 'checked by hand', ...body });
const event = async (usageId: string) => (await stack.request(`GET`, `/v1/events/${usageId}`)).body;
const history = async (usageId: string) => (await stack.request<{ data: Record<string, unknown>[] }>('GET', `/v1/events/${usageId}/history`)).body.data;

/** Summaries and quota sums of a customer, once both say the same and what is expected. */
async function expectSums(customer: string, tokens: number, cost: string, events: number): Promise<void> {
  await eventually(
    async () => {
      expect(await summaryOf(stack, customer)).toMatchObject({ event_count: events, input_tokens: tokens, cost_usd: cost });
      expect(await quotaSumsOf(stack, customer)).toEqual({ events: String(events), tokens: String(tokens), cost });
    },
    { timeoutMs: 15_000 },
  );
}

describe('corrections', () => {
  it('move summaries and quotas by exactly the difference, once however often they are sent', async () => {
    const usageId = await send('adjusted');
    const adjust = { kind: 'adjust', id: 'fix-1', usage: { input_tokens: 400 } };
    expect((await correct(usageId, adjust)).status).toBe(202);
    expect((await correct(usageId, adjust)).status).toBe(202);
    expect(await event(usageId)).toMatchObject({ usage: { input_tokens: 400 }, cost_usd: '0.012', version: 1 });
    await expectSums('acme', 400, '0.012', 1);
    expect((await correct(usageId, { kind: 'refund', id: 'fix-2', cost_usd: '0.002' })).status).toBe(202);
    await expectSums('acme', 400, '0.002', 1);
  });

  it('void an event: a second void is refused, its repetition is not', async () => {
    const usageId = await send('voided', { customer_id: 'voider' });
    expect((await correct(usageId, { kind: 'void', id: 'v-1' })).status).toBe(202);
    expect(await event(usageId)).toMatchObject({ state: 'voided' });
    expect(await correct(usageId, { kind: 'void', id: 'v-1' })).toMatchObject({ status: 202 });
    expect(await correct(usageId, { kind: 'void', id: 'v-2' })).toMatchObject({ status: 409, body: { code: 'already_void' } });
    await expectSums('voider', 0, '0', 0);
    expect((await history(usageId)).map(({ correction_id, outcome }) => [correction_id ?? null, outcome])).toEqual([
      [null, expect.anything()],
      ['v-1', 'applied'],
    ]);
  });

  it('leave the loser of a race in the history', async () => {
    const usageId = await send('raced', { customer_id: 'racer' });
    await event(usageId);
    const answers = await Promise.all(['a', 'b', 'c'].map((id) => correct(usageId, { kind: 'void', id })));
    const taken = answers.filter(({ status }) => status === 202).length;
    expect(taken).toBeGreaterThan(0);
    await event(usageId);
    const outcomes = (await history(usageId)).slice(1).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'applied')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'refused')).toHaveLength(taken - 1);
    await expectSums('racer', 0, '0', 0);
  });

  it('say 404 of what was never seen and of another customer, and name the field of a bad body', async () => {
    const usageId = await send('there');
    expect(await correct('00000000-0000-4000-8000-000000000000', { kind: 'void' })).toMatchObject({ status: 404 });
    expect(await correct(usageId, { kind: 'void', customer_id: 'other' })).toMatchObject({ status: 404 });
    expect(await correct(usageId, { kind: 'adjust' })).toMatchObject({ status: 422, body: { errors: [{ field: 'usage' }] } });
    expect(await correct(usageId, { kind: 'void' })).toMatchObject({ status: 202 });
  });

  it('give credit where the event is gone, beside what was voided', async () => {
    const usageId = await send('twin', { customer_id: 'patient' });
    expect((await correct(usageId, { kind: 'void' })).status).toBe(202);
    const { body } = await stack.request<{ usage_id: string }>('POST', '/v1/credits', { customer_id: 'patient', id: 'cr-1', amount_usd: '0.5', reason: 'an old event was wrong' });
    expect(body.usage_id).toMatch(/^[0-9a-f-]{36}$/);
    await expectSums('patient', 0, '-0.5', 0);
  });

  it('resolve the alert of a quota that falls back, and reopen that alert', async () => {
    await stack.request('POST', '/v1/quotas', { customer_id: 'limited', metric: 'tokens', limit: 1_000, thresholds: [100] });
    const usageId = await send('over', { customer_id: 'limited' });
    await eventually(async () => expect(await alertsOf(stack, 'limited')).toMatchObject([{ status: 'active' }]), { timeoutMs: 15_000 });
    await correct(usageId, { kind: 'adjust', usage: { input_tokens: 999 } });
    await eventually(async () => expect(await alertsOf(stack, 'limited')).toMatchObject([{ status: 'resolved' }]), { timeoutMs: 15_000 });
    await correct(usageId, { kind: 'adjust', usage: { input_tokens: 1_001 } });
    await eventually(async () => expect(await alertsOf(stack, 'limited')).toMatchObject([{ status: 'active', value: '1001' }]), { timeoutMs: 15_000 });
  });

  it('leave everything in agreement: audit exits 0', async () => {
    const { code, output } = await stack.cli('audit');
    expect({ code, output }).toMatchObject({ code: 0 });
  }, 60_000);
});

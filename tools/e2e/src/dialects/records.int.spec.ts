import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { apiKey, DialectStack } from './dialect-stack.js';

interface UsageRecord {
  id: string;
  accountId: string | null;
  inputTokens: number;
  estimatedCostUsd: number | null;
}
interface Summary {
  totalCostUsd: number | null;
  totalInputTokens: number;
  totalOutputTokens: number;
  byContext: Record<string, number | null>;
  byModel: Record<string, { costUsd: number | null; count: number }>;
  unpricedCount?: number;
}

let dialect: DialectStack;
let operator: Record<string, string>;
let account: Record<string, string>;

beforeAll(async () => {
  dialect = await DialectStack.start();
  operator = apiKey(await dialect.key());
  account = apiKey(await dialect.key({ customer: 'acc_456' }));
}, 120_000);
afterAll(() => dialect?.dispose());

const sample = { accountId: 'acc_123', transactionId: 'txn_xyz789', modelId: 'gpt-4o', usageType: 'text', inputTokens: 1500, outputTokens: 500, cachedTokens: 200 };
const post = (body: object, headers = operator) => dialect.send<{ success: boolean; usageRecord: UsageRecord }>('POST', '/v1/usage/record', body, headers);
const list = async (query: string, headers = operator) => (await dialect.send<{ success: boolean; usageRecords: UsageRecord[]; nextCursor?: string }>('GET', `/v1/usage${query}`, undefined, headers)).body;
const summary = async (query: string, headers = operator) => (await dialect.send<{ summary: Summary }>('GET', `/v1/usage?summary=true${query}`, undefined, headers)).body.summary;

describe('usage records', () => {
  it("answer the document's request with the numbers that were sent and the cost of the price book", async () => {
    const { status, body } = await post(sample);
    expect([status, body]).toEqual([201, { success: true, usageRecord: expect.objectContaining({ id: expect.any(String), accountId: 'acc_123', modelId: 'gpt-4o', estimatedCostUsd: 0.015 }) }]);
    expect(await list('?accountId=acc_123&modelId=gpt-4o')).toEqual({
      success: true,
      usageRecords: [{ ...body.usageRecord, context: 'customer', inputTokens: 1500, outputTokens: 500, cachedTokens: 200, transactionId: 'txn_xyz789', usageType: 'text', createdAt: expect.any(String) }],
    });
    const event = await dialect.stack.request('GET', `/v1/events/${body.usageRecord.id}`);
    expect(event.body).toMatchObject({ provider: 'openai', usage: { input_tokens: 1300, cached_input_tokens: 200, output_tokens: 500 }, operation: 'text' });
  });

  it('may share a transaction: each is counted', async () => {
    for (let i = 0; i < 2; i++) await post({ ...sample, accountId: 'acc_shared' });
    expect((await list('?accountId=acc_shared')).usageRecords).toHaveLength(2);
  });

  it("without an account are the platform's own use, under the context system", async () => {
    const { body } = await post({ context: 'system', modelId: 'gpt-4o-mini', inputTokens: 1_000_000, outputTokens: 0 });
    expect(body.usageRecord).toMatchObject({ context: 'system', accountId: null, estimatedCostUsd: 0.15 });
    expect((await list('?context=system')).usageRecords.map(({ id }) => id)).toEqual([body.usageRecord.id]);
    expect((await list('?context=customer')).usageRecords.every(({ accountId }) => accountId !== null)).toBe(true);
    expect((await list('?context=system&accountId=acc_123')).usageRecords).toEqual([]);
  });

  it('of a model that the price book has not, or has of several providers, are unpriced and never guessed', async () => {
    const { status, body } = await post({ accountId: 'acc_123', modelId: 'gpt-4o-2024-05-13', inputTokens: 5 });
    expect([status, body.usageRecord]).toEqual([201, expect.objectContaining({ estimatedCostUsd: null, warning: expect.stringContaining('no price') })]);
  });

  it('are summed by context and by model, and every filter applies to all sums', async () => {
    const all = await summary('');
    expect(all.totalCostUsd).toBeCloseTo(all.byContext['customer']! + all.byContext['system']!, 12);
    expect(all).toMatchObject({ byContext: { customer: 0.045, system: 0.15 }, byModel: { 'gpt-4o': { costUsd: 0.045, count: 3 }, 'gpt-4o-mini': { costUsd: 0.15, count: 1 }, 'gpt-4o-2024-05-13': { costUsd: null, count: 1 } }, unpricedCount: 1 });
    expect(await summary('&context=customer&modelId=gpt-4o')).toEqual({ totalCostUsd: 0.045, totalInputTokens: 4500, totalOutputTokens: 1500, byContext: { customer: 0.045, system: 0 }, byModel: { 'gpt-4o': { costUsd: 0.045, count: 3 } } });
    expect(await summary('&accountId=acc_123&modelId=gpt-4o')).toMatchObject({ totalCostUsd: 0.015, totalInputTokens: 1500 });
    expect(await summary('&startDate=2020-01-01&endDate=2020-01-31')).toEqual({ totalCostUsd: 0, totalInputTokens: 0, totalOutputTokens: 0, byContext: { customer: 0, system: 0 }, byModel: {} });
    expect((await summary(`&endDate=${new Date().toISOString().slice(0, 10)}`)).byModel['gpt-4o']!.count).toBe(3);
    expect(await summary('&modelId=gpt-4o-2024-05-13')).toMatchObject({ totalCostUsd: null });
  });

  it('go on from page to page', async () => {
    const all = (await list('')).usageRecords;
    const first = await list('?limit=2');
    expect([...first.usageRecords, ...(await list(`?limit=1000&cursor=${first.nextCursor}`)).usageRecords]).toEqual(all);
  });

  it("of an account's own key are that account's, named or not; others' are not there", async () => {
    expect((await post({ modelId: 'gpt-4o', inputTokens: 1 }, account)).body.usageRecord.accountId).toBe('acc_456');
    expect((await list('', account)).usageRecords.map(({ accountId }) => accountId)).toEqual(['acc_456']);
    expect(await post(sample, account)).toMatchObject({ status: 422, body: { success: false, error: { fields: [{ field: 'accountId' }] } } });
    expect((await post({ context: 'system', modelId: 'gpt-4o', inputTokens: 1 }, account)).status).toBe(422);
    expect(await dialect.send('GET', '/v1/usage?accountId=acc_123', undefined, account)).toMatchObject({ status: 404, body: { success: false } });
    expect((await summary('', account)).totalInputTokens).toBe(1);
  });

  it('of another account that are refused use up none of its keys', async () => {
    const key = { 'idempotency-key': 'somebody-elses' };
    const body = { ...sample, accountId: 'acc_victim' };
    expect((await post({ ...body, inputTokens: 9_999 }, { ...account, ...key })).status).toBe(422);
    expect((await post(body, { ...operator, ...key })).status).toBe(201);
  });

  it('with an Idempotency-Key are counted once, and a repeat is answered the same', async () => {
    const once = { ...operator, 'idempotency-key': 'once' };
    const answers = [await post({ ...sample, accountId: 'acc_once' }, once), await post({ ...sample, accountId: 'acc_once' }, once)];
    expect(answers[1]).toEqual(answers[0]);
    expect((await list('?accountId=acc_once')).usageRecords).toHaveLength(1);
  });

  it.each<[string, object, string]>([
    ['no model', { accountId: 'a', inputTokens: 1 }, 'modelId'],
    ['neither an account nor the context system', { modelId: 'gpt-4o', inputTokens: 1 }, 'accountId'],
    ['more cached tokens than input', { ...sample, cachedTokens: 1501 }, 'cachedTokens'],
    ['a broken count', { ...sample, inputTokens: 1.5 }, 'inputTokens'],
    ['no tokens', { accountId: 'a', modelId: 'gpt-4o' }, 'inputTokens'],
  ])('with %s are refused, and the field is named', async (_what, body, field) => {
    expect(await post(body)).toMatchObject({ status: 422, body: { success: false, error: { code: 'validation_failed', fields: [{ field }] } } });
  });

  it('need a key', async () => {
    expect(await post(sample, {})).toMatchObject({ status: 401, body: { success: false, error: { code: 'unauthenticated' } } });
  });
});

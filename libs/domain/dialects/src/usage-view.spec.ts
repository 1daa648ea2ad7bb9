import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromEntry, toEntry } from './entries/usage-entry.js';
import { creditsOf, fromLog, toLog } from './logs/usage-log.js';
import { fromRecord, providerOf, toRecord, UNKNOWN_PROVIDER } from './records/usage-record.js';
import { type NativeUsage, shortTime, viewOf } from './usage-view.js';

const AT = '2026-11-27T10:00:00.000000Z';
const view = (event: NativeUsage, costUsd: string | null = '0.1') => viewOf(event, 'u-1', costUsd, AT);
const name = fc.string({ minLength: 1, maxLength: 20 });
const count = fc.nat(1_000_000);
/** input, and that part of it which came from a cache. */
const partly = count.chain((input) => fc.tuple(fc.constant(input), fc.nat(input)));

describe('the time of a usage', () => {
  it.each([
    ['2024-01-15T10:30:00.000000Z', '2024-01-15T10:30:00Z'],
    ['2024-01-15T10:30:00.198000Z', '2024-01-15T10:30:00.198Z'],
    ['2024-01-15T10:30:00.510000Z', '2024-01-15T10:30:00.510Z'],
    ['2024-01-15T10:30:00.000001Z', '2024-01-15T10:30:00.000001Z'],
    ['2024-01-15T10:30:00Z', '2024-01-15T10:30:00Z'],
  ])('%s is told as %s', (stored, told) => {
    expect(shortTime(stored)).toBe(told);
  });
});

describe('a usage entry', () => {
  it('is answered as it was sent, with an owner, a state and a time', () => {
    const sent = { api_name: 'llm_query', endpoint: '/chat', units_used: 346, cost_usd: 0.0043, api_key_used: 'pk_live_abc123' };
    const event = fromEntry(sent, { customerId: 'acme', userId: 'user-1' });
    expect(event).toMatchObject({ customer_id: 'acme', user_id: 'user-1', provider: 'internal', model: 'llm_query', usage: { units: 346 }, client_cost_usd: 0.0043, context: 'customer' });
    expect(toEntry(view(event, '0.0043'), Number)).toEqual({ usage_id: 'u-1', user_id: 'user-1', ...sent, status_active: true, created_at: '2026-11-27T10:00:00Z' });
  });

  it('is not active once it was voided', () => {
    const event = fromEntry({ api_name: 'tts', units_used: 1 }, { customerId: 'acme', userId: 'u' });
    expect(toEntry({ ...view(event, '0'), state: 'voided', usage: {} }, Number)).toMatchObject({ status_active: false, units_used: 0, cost_usd: 0 });
  });

  it('never calls it zero units where units are not what was counted, or free where there is no price', () => {
    const tokens = { ...view({ source: 'api', customer_id: 'c', provider: 'openai', model: 'gpt-99', usage: { input_tokens: 5 } }, null) };
    expect(toEntry(tokens, Number)).toMatchObject({ units_used: null, cost_usd: null, warning: expect.stringContaining('openai/gpt-99') });
  });

  it("of the operator's own is the platform's use", () => {
    expect(fromEntry({ api_name: 'a', units_used: 1 }, { customerId: 'system', userId: 'root' }).context).toBe('system');
  });
});

describe('a usage record', () => {
  it('returns the numbers that were sent, though no token is counted in two quantities', () => {
    fc.assert(
      fc.property(name, partly, count, (modelId, [inputTokens, cachedTokens], outputTokens) => {
        const event = fromRecord({ accountId: 'acc_123', modelId, inputTokens, outputTokens, cachedTokens }, 'openai');
        expect(Number(event.usage['input_tokens']) + Number(event.usage['cached_input_tokens'])).toBe(inputTokens);
        expect(toRecord(view(event), Number)).toMatchObject({ accountId: 'acc_123', context: 'customer', modelId, inputTokens, outputTokens, cachedTokens, estimatedCostUsd: 0.1 });
      }),
    );
  });

  it("without an account is the platform's own use", () => {
    const event = fromRecord({ accountId: undefined, modelId: 'gpt-4o', inputTokens: 1 }, 'openai');
    expect(event).toMatchObject({ customer_id: 'system', context: 'system' });
    expect(toRecord(view(event), Number)).toMatchObject({ context: 'system', accountId: null });
  });

  it('belongs to a provider only where one alone has the model', () => {
    expect([providerOf(['openai']), providerOf([]), providerOf(['azure', 'openai'])]).toEqual(['openai', UNKNOWN_PROVIDER, UNKNOWN_PROVIDER]);
  });
});

describe('a usage log', () => {
  it('returns the numbers that were sent, cached tokens being part of the input but for Anthropic', () => {
    fc.assert(
      fc.property(fc.constantFrom('openai', 'anthropic', 'huggingface'), partly, count, (provider, [input_tokens, cached_tokens], output_tokens) => {
        const event = fromLog({ user_id: 'u', model_name: 'm', provider, input_tokens, output_tokens, cached_tokens }, 'acme');
        expect(event.usage['input_tokens']).toBe(provider === 'anthropic' ? input_tokens : input_tokens - cached_tokens);
        expect(toLog(view(event), Number)).toMatchObject({ user_id: 'u', model_name: 'm', provider, input_tokens, output_tokens, cached_tokens });
      }),
    );
  });

  it('of a scrape has credits and needs no model', () => {
    const event = fromLog({ user_id: 'u', provider: 'firecrawl', operation_type: 'scrape', firecrawl_credits: 5 }, 'acme');
    expect(event).toMatchObject({ model: 'firecrawl', usage: { credits: 5 } });
    expect(toLog(view(event, '0.005'), Number)).toMatchObject({ firecrawl_credits: 5, cost_usd: 0.005, platform_credits: 0, operation_type: 'scrape' });
  });

  it('has the whole cents of its cost as platform credits, and none where the cost is unknown', () => {
    expect(['0.0199', '0.02', '1', '0', '12.999999999999'].map((cost) => Number(creditsOf(cost)))).toEqual([1, 2, 100, 0, 1299]);
    expect(toLog(view(fromLog({ user_id: 'u', model_name: 'x', provider: 'y', input_tokens: 1 }, 'c'), null), Number)).toMatchObject({ cost_usd: null, platform_credits: null });
  });
});

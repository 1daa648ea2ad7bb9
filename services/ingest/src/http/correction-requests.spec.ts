import { describe, expect, it } from '@jest/globals';
import { QUANTITY_BY_NAME } from '@ledgerline/contracts';
import { parseInput, ProblemError } from '@ledgerline/service-kit';
import { correctionRequest, creditRequest, usdText } from './correction-requests.js';

const fields = (schema: Parameters<typeof parseInput>[0], body: unknown): string[] => {
  try {
    parseInput(schema, body);
    return [];
  } catch (error) {
    return (error as ProblemError).errors!.map(({ field }) => field);
  }
};
const usageId = '6f0c0000-0000-4000-8000-000000000001';

describe('the body of a correction', () => {
  it('states quantities and money exactly', () => {
    const { usage, cost_usd } = parseInput(correctionRequest, { kind: 'adjust', reason: 'wrong model', usage: { input_tokens: 5, seconds: '1.000000001' }, cost_usd: '0.000000000001' });
    expect(usage).toEqual(new Map([[QUANTITY_BY_NAME.get('input_tokens')!.index, 5n], [QUANTITY_BY_NAME.get('seconds')!.index, 1_000_000_001n]]));
    expect(usdText(cost_usd)).toBe('0.000000000001');
  });

  it.each([
    [{ kind: 'adjust', reason: 'r' }, 'usage'],
    [{ kind: 'adjust', reason: 'r', usage: { input_tokens: -1 } }, 'usage.input_tokens'],
    [{ kind: 'adjust', reason: 'r', usage: { input_tokens: 1.5 } }, 'usage.input_tokens'],
    [{ kind: 'adjust', reason: 'r', usage: { tokens: 1 } }, 'usage.tokens'],
    [{ kind: 'adjust', reason: 'r', cost_usd: '1e3' }, 'cost_usd'],
    [{ kind: 'adjust', reason: 'r', cost_usd: -1 }, 'cost_usd'],
    [{ kind: 'refund', reason: 'r', usage: { input_tokens: 1 } }, 'usage'],
    [{ kind: 'void', reason: 'r', cost_usd: 0 }, 'cost_usd'],
    [{ kind: 'void' }, 'reason'],
    [{ kind: 'void', reason: ' ' }, 'reason'],
    [{ kind: 'void', reason: 'r', id: '' }, 'id'],
    [{ kind: 'void', reason: 'r', replaced_by: 'x' }, 'replaced_by'],
    [{ kind: 'refund', reason: 'r', replaced_by: usageId }, 'replaced_by'],
    [{ kind: 'void', reason: 'r', await_original: true }, 'customer_id'],
    [{ kind: 'reprice', reason: 'r' }, 'kind'],
  ])('names the field that is wrong in %j', (body, field) => {
    expect(fields(correctionRequest, body)).toContain(field);
  });
});

describe('the body of a credit', () => {
  it.each([
    [{ customer_id: 'acme', amount_usd: 0, reason: 'r' }, 'amount_usd'],
    [{ customer_id: 'acme', amount_usd: '5', reason: 'r', occurred_at: 'yesterday' }, 'occurred_at'],
    [{ amount_usd: '5', reason: 'r' }, 'customer_id'],
  ])('names the field that is wrong in %j', (body, field) => {
    expect(fields(creditRequest, body)).toContain(field);
  });
});

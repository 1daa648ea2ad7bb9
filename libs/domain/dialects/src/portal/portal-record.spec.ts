import { describe, expect, it } from '@jest/globals';
import { portalRecord, shortTime } from './portal-record.js';

describe('what the portal is answered', () => {
  it.each([
    ['2024-01-15T10:30:00.000000Z', '2024-01-15T10:30:00Z'],
    ['2024-01-15T10:30:00.198000Z', '2024-01-15T10:30:00.198Z'],
    ['2024-01-15T10:30:00.000001Z', '2024-01-15T10:30:00.000001Z'],
    ['2024-01-15T10:30:00Z', '2024-01-15T10:30:00Z'],
  ])('%s is told as %s', (stored, told) => {
    expect(shortTime(stored)).toBe(told);
  });

  it('has all fields, and a warning only where the cost is unknown', () => {
    const usage = { id: 'u', projectId: 'p', provider: 'openai', model: 'gpt-4', inputTokens: 3, outputTokens: 4, costUsd: '0.1', requestTimestamp: '2024-01-15T10:30:00Z' };
    const fields = { id: 'u', project_id: 'p', provider: 'openai', model: 'gpt-4', input_tokens: 3, output_tokens: 4, total_tokens: 7, request_timestamp: '2024-01-15T10:30:00Z' };
    expect(portalRecord(usage, Number)).toEqual({ ...fields, cost_usd: 0.1 });
    expect(portalRecord({ ...usage, costUsd: null }, Number)).toEqual({ ...fields, cost_usd: null, warning: expect.stringContaining('openai/gpt-4') });
  });
});

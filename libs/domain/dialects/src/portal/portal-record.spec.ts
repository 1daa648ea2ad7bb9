import { describe, expect, it } from '@jest/globals';
import { portalRecord } from './portal-record.js';

describe('what the portal is answered', () => {
  it('has all fields, and a warning only where the cost is unknown', () => {
    const usage = { usage_id: 'u', state: 'priced', customer_id: 'c', project_id: 'p', provider: 'openai', model: 'gpt-4', usage: { input_tokens: 3, output_tokens: 4 }, cost_usd: '0.1', occurred_at: '2024-01-15T10:30:00.000000Z' };
    const fields = { id: 'u', project_id: 'p', provider: 'openai', model: 'gpt-4', input_tokens: 3, output_tokens: 4, total_tokens: 7, request_timestamp: '2024-01-15T10:30:00Z' };
    expect(portalRecord(usage, Number)).toEqual({ ...fields, cost_usd: 0.1 });
    expect(portalRecord({ ...usage, cost_usd: null }, Number)).toEqual({ ...fields, cost_usd: null, warning: expect.stringContaining('openai/gpt-4') });
  });
});

import { describe, expect, it } from '@jest/globals';
import { seedPriceBook } from '@ledgerline/domain-pricing';
import { bodyTemplate, MODELS, writeSerials, type TrafficPlan } from './traffic.js';

const plan: TrafficPlan = { run: 'r1', batchSize: 500, customers: 1000, nowMs: Date.UTC(2026, 0, 15) };

interface Event {
  id: string;
  customer_id: string;
  provider: string;
  model: string;
  usage: { input_tokens: number; output_tokens: number };
  tags: Record<string, string>;
}

describe('the traffic of the benchmark', () => {
  it('lets every one of 1,000 customers meet every one of 20 models, with tags', () => {
    const events = Array.from({ length: 40 }, (_, batch) => JSON.parse(bodyTemplate(plan, batch).body.toString()) as Event[]).flat();
    expect(new Set(events.map(({ customer_id, model }) => `${customer_id} ${model}`)).size).toBe(20_000);
    expect(events.every(({ tags }) => Object.keys(tags).length === 3)).toBe(true);
  });

  it('makes other events of a body by its serial numbers alone', () => {
    const template = bodyTemplate(plan, 3);
    const before = JSON.parse(template.body.toString()) as Event[];
    writeSerials(template, 987_654_300);
    const after = JSON.parse(template.body.toString()) as Event[];
    expect(after.map(({ id }) => id)).toEqual(Array.from({ length: 500 }, (_, i) => `r1-${987_654_300 + i}`));
    expect(after.map((event) => ({ ...event, id: '' }))).toEqual(before.map((event) => ({ ...event, id: '' })));
  });

  it('knows the token sums of a body', () => {
    const template = bodyTemplate(plan, 7);
    const events = JSON.parse(template.body.toString()) as Event[];
    expect(events.reduce((sum, { usage }) => sum + usage.input_tokens, 0)).toBe(template.inputTokens);
    expect(events.reduce((sum, { usage }) => sum + usage.output_tokens, 0)).toBe(template.outputTokens);
  });

  it('uses only models that the first price book has a price for', () => {
    const book = seedPriceBook();
    for (const [provider, model] of MODELS) expect(book.find(provider, model)).not.toBeNull();
  });
});

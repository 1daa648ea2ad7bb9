import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '@ledgerline/service-kit';
import { readEventQuestion, readSummaryQuery } from './queries.js';
import { readTime } from './read-time.js';

function problem(read: () => unknown): ProblemError {
  try {
    read();
  } catch (error) {
    return error as ProblemError;
  }
  throw new Error('nothing was refused');
}
const fieldsOf = (read: () => unknown) => problem(read).errors!.map(({ field }) => field);

describe('the question for one event', () => {
  const id = '00112233-4455-6677-8899-AABBCCDDEEFF';

  it('takes an address in any case, a customer, and when it was recorded rather than when it occurred', () => {
    expect(readEventQuestion(id, {})).toEqual({ usageId: id.toLowerCase(), scope: {} });
    expect(readEventQuestion(id, { customer_id: 'acme', occurred_at: '2026-01-02', recorded_at: '2026-01-03' })).toEqual({ usageId: id.toLowerCase(), scope: { customerId: 'acme' }, saidUs: Date.UTC(2026, 0, 3) * 1000 });
    expect(readEventQuestion(id, { occurred_at: '2026-01-02' }).saidUs).toBe(Date.UTC(2026, 0, 2) * 1000);
  });

  it('is refused with 400, every bad parameter named', () => {
    expect(problem(() => readEventQuestion('42', {})).errors).toEqual([{ field: 'usage_id', reason: 'expected a UUID' }]);
    expect(fieldsOf(() => readEventQuestion(id, { occurred_at: 'long ago', colour: 'red' })).sort()).toEqual(['colour', 'occurred_at']);
  });
});

describe('the parameters of summaries', () => {
  it('take any combination of groupings, in the order given, each once', () => {
    expect(readSummaryQuery({ group_by: 'model, day,model' }).groupBy).toEqual(['model', 'day']);
    expect(readSummaryQuery({ group_by: '' }).groupBy).toEqual([]);
    expect(fieldsOf(() => readSummaryQuery({ group_by: 'model,colour' }))).toEqual(['group_by']);
  });

  it('sort by every sum, both ways', () => {
    expect(readSummaryQuery({ sort: '-cost_usd' }).order).toEqual({ measure: 'cost_usd', descending: true });
    expect(readSummaryQuery({ sort: 'input_tokens' }).order).toEqual({ measure: 'input_tokens', descending: false });
    expect(fieldsOf(() => readSummaryQuery({ sort: 'model' }))).toEqual(['sort']);
  });

  it('compare whole periods of one kind', () => {
    expect(readSummaryQuery({ group_by: 'customer,month', compare: 'previous', from: '2026-02-01' }).comparePrevious).toBe(true);
    expect(fieldsOf(() => readSummaryQuery({ group_by: 'customer', compare: 'previous' }))).toEqual(['group_by']);
    expect(fieldsOf(() => readSummaryQuery({ group_by: 'day,month', compare: 'previous' }))).toEqual(['group_by']);
    expect(fieldsOf(() => readSummaryQuery({ group_by: 'month', compare: 'previous', from: '2026-02-02' }))).toEqual(['from']);
    expect(fieldsOf(() => readSummaryQuery({ group_by: 'day', compare: 'previous', from: '2026-02-02T01:00:00Z' }))).toEqual(['from']);
    expect(fieldsOf(() => readSummaryQuery({ compare: 'next' }))).toEqual(['compare']);
  });
});

describe('a time', () => {
  it.each([
    ['2026-11-22', Date.UTC(2026, 10, 22) * 1000],
    ['2026-11-22T10:30Z', Date.UTC(2026, 10, 22, 10, 30) * 1000],
    ['2026-11-22T10:30:01.000001+02:00', Date.UTC(2026, 10, 22, 8, 30, 1) * 1000 + 1],
  ])('%s is exact to the microsecond', (text, timeUs) => {
    expect(readTime(text)).toBe(timeUs);
  });

  it.each(['', 'now', '2026-13-01', '2026-02-29', '2026-11-22T10:30', '2026-11-22T25:00Z', '1763812345', '9999-01-01'])('%s is refused', (text) => {
    expect(readTime(text)).toBeNull();
  });
});

import { describe, expect, it } from '@jest/globals';
import { QUANTITIES } from '@ledgerline/kernel';
import { summaryView } from './mapping.js';

/** A row of sums as ClickHouse answers it. */
const sums = (events: string, unpriced: string, cost: string | null) => ({
  ...Object.fromEntries(QUANTITIES.map(({ name }) => [`total_${name}`, '0'])),
  group_model: 'm',
  total_events: events,
  total_unpriced: unpriced,
  total_cost: cost,
});

describe('the cost of a summary', () => {
  it.each([
    ['the sum of what has a price', '3', '1', '0.5', '0.5'],
    ['unknown, not zero, when nothing has a price', '2', '2', null, null],
    ['zero when everything costs nothing', '2', '0', '0', '0'],
    ['zero when there is nothing', '0', '0', null, '0'],
    ['unknown when the only price that was known has been taken back', '1', '1', '0', null],
    ['zero when all that was there has been taken back', '0', '0', '0', '0'],
    ['what was credited, where nothing else is known', '1', '1', '-5', '-5'],
  ])('is %s', (_, events, unpriced, cost, expected) => {
    expect(summaryView(['model'], sums(events, unpriced, cost))).toMatchObject({ model: 'm', event_count: Number(events), cost_usd: expected, unpriced_events: Number(unpriced) });
  });
});

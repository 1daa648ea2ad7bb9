import { QUANTITIES } from '@ledgerline/kernel';
import { type Grouping } from './summary-query.js';

/** All kinds of tokens together, as the quota's metric of that name has it. */
const TOKENS = QUANTITIES.filter(({ name }) => name.endsWith('_tokens')).map(({ name }) => `total_${name}`).join(' + ');

/** Unknown where no event of a group has a price: a sum of 0 is then what was taken back. */
const COST = 'if(total_unpriced = 0 OR total_events > total_unpriced OR ifNull(total_cost, 0) != 0, ifNull(total_cost, 0), NULL)';

const MEASURES: Readonly<Record<string, string>> = {
  event_count: 'total_events',
  unpriced_events: 'total_unpriced',
  cost_usd: COST,
  tokens: TOKENS,
  ...Object.fromEntries(QUANTITIES.map(({ name }) => [name, `total_${name}`])),
};

/** What summaries can be sorted by: every sum of theirs, and all tokens together. */
export const SUMMARY_SORTS: readonly string[] = Object.keys(MEASURES);

/** Equal sums stand in the order of their groups; an unknown cost stands last, both ways. */
export interface SummaryOrder {
  /** One of SUMMARY_SORTS. */
  measure: string;
  descending: boolean;
}

export function summaryOrderSQL(order: SummaryOrder | undefined, groupBy: readonly Grouping[]): string {
  const groups = groupBy.map((grouping) => `group_${grouping}`).join(', ');
  return order === undefined ? `ORDER BY ${groups}` : `ORDER BY ${MEASURES[order.measure]} ${order.descending ? 'DESC' : 'ASC'} NULLS LAST, ${groups}`;
}

import { QUANTITIES } from '@ledgerline/kernel';
import { columnOf, type SummaryQuery } from '../../application/summary-query.js';
import { type ExportColumn, member, within } from './export-column.js';

/** What the list of events has as a table: the members of JSON, `usage` laid out by its quantities. */
export const EVENT_COLUMNS: readonly ExportColumn[] = [
  member('usage_id'),
  member('state'),
  member('version', 'integer'),
  member('corrected', 'flag'),
  ...['id', 'source', 'customer_id', 'project_id', 'user_id', 'provider', 'model', 'operation', 'endpoint', 'context', 'transaction_id', 'service_tier', 'status', 'error_code'].map((name) => member(name)),
  member('latency_ms', 'integer'),
  ...QUANTITIES.map(({ name, decimal }) => within('usage', name, decimal ? 'decimal9' : 'integer')),
  member('cost_usd', 'usd'),
  member('client_cost_usd', 'usd'),
  member('price_book_version'),
  member('price_source'),
  member('api_key_id'),
  member('tags', 'json'),
  member('request_metadata', 'json'),
  member('response_metadata', 'json'),
  member('occurred_at', 'time'),
  member('recorded_at', 'time'),
];

const COMPARISON: readonly ExportColumn[] = [
  within('previous', 'event_count', 'integer', 'previous_event_count'),
  within('previous', 'cost_usd', 'usd', 'previous_cost_usd'),
  within('previous', 'unpriced_events', 'integer', 'previous_unpriced_events'),
  within('change', 'event_count', 'integer', 'change_event_count'),
  within('change', 'cost_usd', 'usd', 'change_cost_usd'),
];

/** What summaries have as a table, by what they are grouped by. */
export function summaryColumns({ groupBy, comparePrevious }: Pick<SummaryQuery, 'groupBy' | 'comparePrevious'>): readonly ExportColumn[] {
  return [
    ...groupBy.map((grouping) => member(columnOf(grouping))),
    member('event_count', 'integer'),
    ...QUANTITIES.map(({ name, decimal }) => member(name, decimal ? 'decimal9' : 'wide integer')),
    member('cost_usd', 'usd'),
    member('unpriced_events', 'integer'),
    ...(comparePrevious ? COMPARISON : []),
  ];
}

/** What the quarantine has as a table. */
export const HELD_COLUMNS: readonly ExportColumn[] = [
  ...['id', 'state', 'outcome'].map((name) => member(name)),
  within('reason', 'code', 'text', 'reason_code'),
  within('reason', 'detail', 'text', 'reason_detail'),
  ...['item', 'usage_id', 'customer_id', 'encoding'].map((name) => member(name)),
  member('body', 'json'),
  member('recorded_at', 'time'),
  member('resolution', 'json'),
];

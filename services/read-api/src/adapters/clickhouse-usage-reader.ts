import { type ClickHouseClient, type ClickHouseSettings, selectRows } from '@ledgerline/clickhouse';
import { type BoundSql } from '../application/bound-sql.js';
import { correctionsSQL, eventRowsSQL, quarantinedByIdSQL, replacedSQL } from '../application/event-by-id-query.js';
import { type EventOrder, type EventPlace, NEWEST_FIRST } from '../application/event-order.js';
import { type EventQuery, eventsSQL } from '../application/event-query.js';
import { type CorrectionRecord, type EventPage, type EventRow, type EventScope, type EventView, StoreUnavailableError, type SummaryPage, type UsageReader, type UserTotals } from '../application/ports.js';
import { rowView } from '../application/present-event.js';
import { type SummaryQuery } from '../application/summary-query.js';
import { userTotalsSQL } from '../application/user-totals-query.js';
import { correctionRecord, eventRow, quarantinedView, type Row, summaryView, userTotals } from './mapping.js';
import { summaryStatement } from './summary-statement.js';

/**
 * For the rows of one event, which are a handful in one granule: its index in the order of addresses is used however many rows there are, and the Bloom filters,
 * which are ten bits of every row, are not read as well. One thread, plain reads and small buffers: fifty columns of one granule each.
 */
const ONE_EVENT: ClickHouseSettings = {
  min_table_rows_to_use_projection_index: '0',
  ignore_data_skipping_indices: 'usage_id_bloom',
  max_threads: 1,
  local_filesystem_read_method: 'pread',
  max_read_buffer_size_local_fs: '65536',
};

/** usage_events, corrections and quarantined_items. */
export class ClickHouseUsageReader implements UsageReader {
  constructor(private readonly client: ClickHouseClient) {}

  async rows(usageId: string, scope: EventScope): Promise<EventRow[]> {
    return (await this.run(eventRowsSQL(usageId, scope), ONE_EVENT)).map(eventRow);
  }

  async corrections(usageId: string, scope: EventScope): Promise<CorrectionRecord[]> {
    return (await this.run(correctionsSQL(usageId, scope))).map(correctionRecord);
  }

  async replaced(usageId: string, scope: EventScope): Promise<string[]> {
    return (await this.run(replacedSQL(usageId, scope))).map((row) => row['usage_id'] as string);
  }

  async findQuarantined(usageId: string, scope: EventScope): Promise<EventView | null> {
    const [row] = await this.run(quarantinedByIdSQL(usageId, scope));
    return row ? quarantinedView(row) : null;
  }

  async list(query: EventQuery): Promise<EventPage> {
    const rows = await this.run(eventsSQL(query));
    const page = rows.slice(0, query.limit);
    const last = page.at(-1);
    const next = rows.length > query.limit && last ? placeOf(last, query.order ?? NEWEST_FIRST) : null;
    return { events: page.map((row) => rowView(eventRow(row))), next };
  }

  async summarise(query: SummaryQuery): Promise<SummaryPage> {
    const rows = await this.run(await summaryStatement({ ...query, limit: query.limit + 1 }, (statement) => this.run(statement)));
    const truncated = query.groupBy.length > 0 && rows.length > query.limit;
    return { rows: (truncated ? rows.slice(0, query.limit) : rows).map((row) => summaryView(query.groupBy, row)), truncated };
  }

  async userTotals(userId: string, scope: EventScope): Promise<UserTotals | null> {
    const [row] = await this.run(userTotalsSQL(userId, scope));
    return row ? userTotals(row) : null;
  }

  private async run({ sql, parameters }: BoundSql, settings: ClickHouseSettings = {}): Promise<Row[]> {
    try {
      return await selectRows<Row>(this.client, sql, parameters, settings);
    } catch (error) {
      throw new StoreUnavailableError(error);
    }
  }
}

/** Where a row stands in the order of a list. */
function placeOf(row: Row, { field }: EventOrder): EventPlace {
  const usageId = row['usage_id'] as string;
  const voided = (row['event_count'] as number) < 0;
  const value = field === 'cost_usd' && voided ? '0' : (row[field] as string | null);
  const isTime = field === 'occurred_at' || field === 'recorded_at';
  return { value: isTime ? String(microsecondsOf(value!)) : value, usageId };
}

/** "2026-11-22 12:00:00.123456" -> microseconds since 1970. */
export function microsecondsOf(text: string): number {
  const [seconds, fraction = ''] = text.split('.');
  return Date.parse(`${seconds!.replace(' ', 'T')}Z`) * 1000 + Number(fraction.padEnd(6, '0'));
}

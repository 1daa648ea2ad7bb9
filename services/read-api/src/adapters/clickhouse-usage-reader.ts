import { type ClickHouseClient, selectRows } from '@ledgerline/clickhouse';
import { type BoundSql } from '../application/bound-sql.js';
import { correctionsSQL, eventRowsSQL, quarantinedByIdSQL, replacedSQL } from '../application/event-by-id-query.js';
import { type EventOrder, type EventPlace, NEWEST_FIRST } from '../application/event-order.js';
import { type EventQuery, eventsSQL } from '../application/event-query.js';
import { type CorrectionRecord, type EventPage, type EventRow, type EventScope, type EventView, StoreUnavailableError, type SummaryPage, type UsageReader, type UserTotals } from '../application/ports.js';
import { rowView } from '../application/present-event.js';
import { HoursNotKeptError, type SealedMonth, SEALED_MONTHS_SQL, tooFineSQL, unionSQL } from '../application/sealed-summaries.js';
import { summariesSQL, type SummaryQuery } from '../application/summary-query.js';
import { userTotalsSQL } from '../application/user-totals-query.js';
import { correctionRecord, eventRow, quarantinedView, type Row, summaryView, userTotals } from './mapping.js';

/** usage_events, corrections and quarantined_items. */
export class ClickHouseUsageReader implements UsageReader {
  constructor(private readonly client: ClickHouseClient) {}

  async rows(usageId: string, scope: EventScope): Promise<EventRow[]> {
    return (await this.run(eventRowsSQL(usageId, scope))).map(eventRow);
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
    const rows = await this.run(await this.summaries(query));
    const truncated = query.groupBy.length > 0 && rows.length > query.limit;
    return { rows: (truncated ? rows.slice(0, query.limit) : rows).map((row) => summaryView(query.groupBy, row)), truncated };
  }

  /** Which months are sealed is asked first: rows stay for a while after that, so that no month is missed or counted twice in between. */
  private async summaries(query: SummaryQuery): Promise<BoundSql> {
    const rows = await this.run({ sql: SEALED_MONTHS_SQL, parameters: {} });
    if (rows.length === 0) return summariesSQL(query);
    const sealed = rows.map((row): SealedMonth => ({ month: row['month'] as number, seal: row['seal'] as string, dropped: row['is_dropped'] === 1 }));
    const tooFine = tooFineSQL(query, sealed);
    const [found] = tooFine === null ? [] : await this.run(tooFine);
    if (found !== undefined) throw new HoursNotKeptError(found['day'] as string);
    return unionSQL(query, sealed);
  }

  async userTotals(userId: string, scope: EventScope): Promise<UserTotals | null> {
    const [row] = await this.run(userTotalsSQL(userId, scope));
    return row ? userTotals(row) : null;
  }

  private async run({ sql, parameters }: BoundSql): Promise<Row[]> {
    try {
      return await selectRows<Row>(this.client, sql, parameters);
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

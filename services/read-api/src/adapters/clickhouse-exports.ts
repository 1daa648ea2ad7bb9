import { type ClickHouseClient, type ClickHouseSettings, selectRows, streamRows } from '@ledgerline/clickhouse';
import { type BoundSql, type Unpaged } from '../application/bound-sql.js';
import { allEventsSQL, type EventQuery } from '../application/event-query.js';
import { type Exports, type RowStream } from '../application/exports.js';
import { type EventView, StoreUnavailableError, type SummaryView } from '../application/ports.js';
import { rowView } from '../application/present-event.js';
import { allHeldItemsSQL, type QuarantineQuery } from '../application/quarantine-query.js';
import { type HeldItemView } from '../application/quarantine-reader.js';
import { type SummaryQuery } from '../application/summary-query.js';
import { heldItemView } from './clickhouse-quarantine-reader.js';
import { eventRow, type Row, summaryView } from './mapping.js';
import { summaryStatement } from './summary-statement.js';

/** For how long the server bears a reader that takes nothing, in seconds; then it breaks off. */
const STALL_S = 120;
/** Rows of a block: with wide rows a block is what is held of an export at the store. */
const SETTINGS: ClickHouseSettings = { http_send_timeout: STALL_S, max_block_size: '8192' };

/** Whole lists from ClickHouse, row by row. The client is one of its own, so that no export is in the way of a page. */
export class ClickHouseExports implements Exports {
  constructor(private readonly client: ClickHouseClient) {}

  events(query: Unpaged<EventQuery>): RowStream<EventView> {
    return this.stream(allEventsSQL(query), (row) => rowView(eventRow(row)));
  }

  async summaries(query: Unpaged<SummaryQuery>): Promise<RowStream<SummaryView>> {
    const statement = await summaryStatement(query, ({ sql, parameters }) => selectRows<Row>(this.client, sql, parameters).catch(unavailable));
    return this.stream(statement, (row) => summaryView(query.groupBy, row));
  }

  heldItems(query: Unpaged<QuarantineQuery>): RowStream<HeldItemView> {
    return this.stream(allHeldItemsSQL(query), heldItemView);
  }

  private async *stream<View>({ sql, parameters }: BoundSql, viewOf: (row: Row) => View): RowStream<View> {
    try {
      for await (const rows of streamRows<Row>(this.client, sql, parameters, SETTINGS)) yield rows.map(viewOf);
    } catch (error) {
      unavailable(error);
    }
  }
}

function unavailable(error: unknown): never {
  throw new StoreUnavailableError(error);
}

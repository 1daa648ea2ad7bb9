import { type ClickHouseClient, selectRows } from '@ledgerline/clickhouse';
import { heldItemId, type HeldPosition } from '@ledgerline/contracts';
import { type BoundSql } from '../application/bound-sql.js';
import { StoreUnavailableError } from '../application/ports.js';
import { heldItemsSQL, heldItemSQL, type QuarantineFilter, type QuarantineQuery, quarantineSummarySQL } from '../application/quarantine-query.js';
import { type HeldItemPage, type HeldItemView, type QuarantineReader } from '../application/quarantine-reader.js';
import { microsecondsOf } from './clickhouse-usage-reader.js';
import { isoTime, type Row } from './mapping.js';

/** quarantined_items, with the discards and releases among the corrections. */
export class ClickHouseQuarantineReader implements QuarantineReader {
  constructor(private readonly client: ClickHouseClient) {}

  async find(position: HeldPosition): Promise<HeldItemView | null> {
    const [row] = await this.run(heldItemSQL(position));
    return row ? heldItemView(row) : null;
  }

  async list(query: QuarantineQuery): Promise<HeldItemPage> {
    const rows = await this.run(heldItemsSQL(query));
    const page = rows.slice(0, query.limit);
    const last = page.at(-1);
    const next = rows.length > query.limit && last ? { recordedAtUs: microsecondsOf(last['recorded_at'] as string), position: positionOf(last) } : null;
    return { items: page.map(heldItemView), next };
  }

  async summarise(filter: QuarantineFilter): Promise<HeldItemView[]> {
    const rows = await this.run(quarantineSummarySQL(filter));
    return rows.map(({ outcome, code, items, oldest, newest }) => ({ outcome, code, items: Number(items), oldest: isoTime(oldest as string), newest: isoTime(newest as string) }));
  }

  private async run({ sql, parameters }: BoundSql): Promise<Row[]> {
    try {
      return await selectRows<Row>(this.client, sql, parameters);
    } catch (error) {
      throw new StoreUnavailableError(error);
    }
  }
}

const STATES: Record<string, string> = { '': 'open', release: 'released', discard: 'discarded' };

const positionOf = (row: Row): HeldPosition => ({
  generation: row['source_generation'] as number,
  partition: row['source_partition'] as number,
  sequence: Number(row['source_sequence']),
  index: row['source_index'] as number,
});

/** An item as the API shows it. */
export function heldItemView(row: Row): HeldItemView {
  const action = row['action'] as string;
  return {
    id: heldItemId(positionOf(row)),
    state: STATES[action],
    outcome: row['outcome'],
    reason: { code: row['code'], detail: row['detail'] },
    item: row['item'],
    usage_id: row['usage_id'],
    customer_id: row['customer_id'] === '' ? null : row['customer_id'],
    encoding: row['encoding'],
    body: row['encoding'] === 'json' ? JSON.parse(row['body'] as string) : row['body'],
    recorded_at: isoTime(row['recorded_at'] as string),
    resolution:
      action === ''
        ? null
        : { action, by: row['resolved_by'], at: isoTime(row['resolved_at'] as string), reason: row['resolution_reason'], replayed_as: row['replayed_as'] },
  };
}

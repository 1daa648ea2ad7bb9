import { type ClickHouseClient, selectRows } from '@ledgerline/clickhouse';
import { type CountedEvent } from '../../application/corrections/event-record.js';
import { type StoredEvents, type StoredIdentity } from '../../application/corrections/stored-events.js';
import { fromRow, STORED_COLUMNS, type StoredRow } from './mapping.js';

/** Where events lie that are made of rows: in the envelope of one row there is nothing that depends on it. */
export interface StoredPlace {
  generation: number;
  partition: number;
}

/** The events that the aggregation service publishes as `published_events`. */
export class ClickHouseStoredEvents implements StoredEvents {
  /** @param completeSinceUs asks from when on rows are kept */
  constructor(
    private readonly client: ClickHouseClient,
    private readonly place: StoredPlace,
    readonly completeSinceUs: () => Promise<number>,
  ) {}

  async find(usageId: string): Promise<CountedEvent | null> {
    const rows = await this.select(`usage_id = {usage_id:UUID}`, { usage_id: usageId });
    return rows.get(usageId) ?? null;
  }

  async findAll(identities: readonly StoredIdentity[]): Promise<Map<string, CountedEvent>> {
    if (identities.length === 0) return new Map();
    const customers = [...new Set(identities.map(({ customerId }) => customerId))];
    return this.select('customer_id IN {customers:Array(String)} AND usage_id IN {ids:Array(UUID)}', { customers, ids: identities.map(({ usageId }) => usageId) });
  }

  private async select(where: string, parameters: Record<string, unknown>): Promise<Map<string, CountedEvent>> {
    const rows = await selectRows<StoredRow>(this.client, `SELECT ${STORED_COLUMNS} FROM published_events WHERE kind = 'recorded' AND ${where}`, parameters);
    return new Map(rows.map((row) => [row.usage_id, fromRow(row, this.place.generation, this.place.partition)]));
  }
}

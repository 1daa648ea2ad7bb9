import { type ClickHouseClient } from '@ledgerline/clickhouse';
import { parseScaled, QUANTITY_SCALE, USD_SCALE } from '@ledgerline/kernel';
import { QUANTITIES } from '@ledgerline/contracts';
import { type CountedEvent, type EventsById, type HeldEvent } from './check-ledger.js';

/** Of the text of a statement: the ids stand in it, so that reading needs no right to write. */
const BYTES_PER_ID = 40;
const STATEMENT_BYTES = 100_000;

/** Only the column of identities is read of every row; the index of identities would be asked about each id for each of its blocks. */
const NO_INDEX = 'SETTINGS use_skip_indexes = 0';

/** Looks events up in ClickHouse: one pass over the identities for each call. */
export class ClickHouseEventsById implements EventsById {
  constructor(private readonly client: ClickHouseClient) {}

  async counted(usageIds: readonly string[], numbers: boolean): Promise<Map<string, CountedEvent>> {
    const quantities = numbers ? QUANTITIES.map(({ name, index }) => `, toString(any(${name})) AS q${index}`).join('') : '';
    const rows = await this.select<Record<string, string | null>>(
      usageIds,
      `SELECT toString(usage_id) AS id, toString(count()) AS copies, any(unpriced_count) AS unpriced, toString(any(ifNull(cost_usd, 0))) AS cost${quantities}
       FROM usage_events PREWHERE usage_id IN (${idsOf(usageIds)}) WHERE kind = 'recorded' GROUP BY usage_id ${NO_INDEX}`,
    );
    return new Map(
      rows.map((row) => [
        row.id!,
        {
          copies: Number(row.copies),
          costPicoUsd: Number(row.unpriced) === 1 ? null : parseScaled(row.cost!, USD_SCALE),
          usage: numbers ? QUANTITIES.map(({ index, decimal }) => parseScaled(row[`q${index}`]!, decimal ? QUANTITY_SCALE : 0)) : [],
        },
      ]),
    );
  }

  async held(usageIds: readonly string[]): Promise<Map<string, HeldEvent>> {
    const rows = await this.select<{ id: string; outcome: string; code: string }>(
      usageIds,
      `SELECT toString(usage_id) AS id, any(outcome) AS outcome, any(code) AS code FROM quarantined_items WHERE item = 'event' AND usage_id IN (${idsOf(usageIds)}) GROUP BY id ${NO_INDEX}`,
    );
    return new Map(rows.map(({ id, outcome, code }) => [id, { outcome, code }]));
  }

  private async select<Row>(usageIds: readonly string[], query: string): Promise<Row[]> {
    const settings = { max_query_size: String(usageIds.length * BYTES_PER_ID + STATEMENT_BYTES) };
    const answer = await this.client.query({ query, format: 'JSONEachRow', clickhouse_settings: settings });
    return answer.json<Row>();
  }
}

/** One literal for all: the server parses a list of as many values for seconds. The ids are UUIDs, checked when they were read. */
const idsOf = (usageIds: readonly string[]): string => `SELECT toUUID(arrayJoin(splitByChar(',', '${usageIds.join(',')}')))`;

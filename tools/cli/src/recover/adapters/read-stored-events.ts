import { type ClickHouseClient, selectRows } from '@ledgerline/clickhouse';
import { eventOf, type StoredEvent, type StoredRow } from '../stored-event.js';

/** Rows of a partition whose USAGE messages lie behind `after`. */
export interface LostRange {
  readonly generation: number;
  readonly partition: number;
  readonly after: number;
}

/** A correction, or an item in quarantine, whose message is gone. */
export interface LostItem {
  readonly what: 'correction' | 'quarantined';
  readonly partition: number;
  readonly usage_sequence: number;
  readonly usage_id: string | null;
  /** Of a correction its kind; of an item why it was held. */
  readonly detail: string;
  /** Of an item: what was sent. */
  readonly body?: string;
}

const behind = ({ generation, partition, after }: LostRange): string =>
  `source_generation = ${generation} AND source_partition = ${partition} AND source_sequence > ${after}`;

const SETTINGS = { output_format_json_quote_64bit_integers: 1, output_format_json_quote_decimals: 1 } as const;

/** The recorded events of a range in their order. */
export async function* readStoredEvents(client: ClickHouseClient, range: LostRange): AsyncGenerator<StoredEvent> {
  const result = await client.query({
    query: `SELECT *, toString(toUnixTimestamp64Micro(occurred_at)) AS occurred_at_us FROM usage_events
      WHERE ${behind(range)} AND kind = 'recorded' ORDER BY source_sequence, source_index`,
    format: 'JSONEachRow',
    clickhouse_settings: SETTINGS,
  });
  for await (const rows of result.stream<StoredRow & { occurred_at_us: string }>()) for (const row of rows) yield eventOf(row.json());
}

/** What of a range is not entered anew: corrections have to be sent again, and so has what was held in quarantine. */
export async function readLostItems(client: ClickHouseClient, range: LostRange): Promise<LostItem[]> {
  const corrections = await selectRows<{ usage_id: string; kind: string; source_sequence: string }>(
    client,
    `SELECT DISTINCT usage_id, kind, source_sequence FROM usage_events WHERE ${behind(range)} AND kind <> 'recorded' ORDER BY source_sequence, usage_id`,
  );
  const items = await selectRows<{ usage_id: string | null; code: string; source_sequence: string; body: string }>(
    client,
    `SELECT usage_id, code, source_sequence, body FROM quarantined_items FINAL WHERE ${behind(range)} ORDER BY source_sequence, source_index`,
  );
  const { partition } = range;
  return [
    ...corrections.map(({ usage_id, kind, source_sequence }): LostItem => ({ what: 'correction', partition, usage_sequence: Number(source_sequence), usage_id, detail: kind })),
    ...items.map(({ usage_id, code, source_sequence, body }): LostItem => ({ what: 'quarantined', partition, usage_sequence: Number(source_sequence), usage_id, detail: code, body })),
  ];
}

/** Which of these usage_ids have a row. */
export async function findStored(client: ClickHouseClient, usageIds: readonly string[]): Promise<Set<string>> {
  if (usageIds.length === 0) return new Set();
  const rows = await selectRows<{ usage_id: string }>(client, 'SELECT DISTINCT usage_id FROM usage_events WHERE usage_id IN {ids:Array(UUID)}', { ids: [...usageIds] });
  return new Set(rows.map(({ usage_id }) => usage_id));
}

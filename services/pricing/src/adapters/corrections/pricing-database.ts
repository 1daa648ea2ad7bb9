import { type ColumnType } from 'kysely';

type Int8 = ColumnType<number | bigint | string, number, number>;

/** Tables of the schema `pricing`, as correction-migration.ts makes them. */
export interface PricingDatabase {
  'pricing.corrected_events': CorrectedEventsTable;
  'pricing.seen_corrections': { usage_id: string; correction_id: string; digest: string };
  'pricing.parked_corrections': ParkedCorrectionsTable;
  'pricing.correction_progress': { generation: number; partition: number; priced_sequence: Int8 };
}

export interface CorrectedEventsTable {
  usage_id: string;
  /** A UsageEnvelope of one row: its fields, with the present quantities and status. */
  envelope: Buffer;
  version: number;
  voided: boolean;
  credit: boolean;
  /** Plain decimal text in USD; null: unpriced. */
  cost_usd: string | null;
  price_book_version: string;
}

export interface ParkedCorrectionsTable {
  usage_id: string;
  correction_id: string;
  generation: number;
  partition: number;
  /** A CorrectionEnvelope of this one. */
  envelope: Buffer;
  ordinal: ColumnType<number, never, never>;
}

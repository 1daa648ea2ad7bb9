/** One partition of the generation in which messages were lost: what the log still has, and how far others had read it. Sequences; 0: none. */
export interface PartitionSurvey {
  readonly partition: number;
  /** USAGE messages that are there. */
  readonly usageEnd: number;
  /** PRICED messages that are there, and the USAGE sequence up to which they hold outcomes. */
  readonly pricedEnd: number;
  readonly sourceEnd: number;
  /** What the rows in ClickHouse were made of. */
  readonly rows: { readonly priced: number; readonly source: number };
  /** What the quota sums were made of, and when that was last said: Postgres's clock, microseconds since 1970. */
  readonly quota: { readonly priced: number; readonly source: number; readonly atUs: number };
}

/** Whether somebody has read what the log does not have any more. */
export const lostMessages = ({ pricedEnd, sourceEnd, rows, quota }: PartitionSurvey): boolean =>
  Math.max(rows.priced, quota.priced) > pricedEnd || Math.max(rows.source, quota.source) > sourceEnd;

/** The last USAGE sequence whose outcome anybody has seen. */
export const seenUpTo = ({ sourceEnd, rows, quota }: PartitionSurvey): number => Math.max(sourceEnd, rows.source, quota.source);

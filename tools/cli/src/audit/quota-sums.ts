import { formatScaled } from '@ledgerline/kernel';
import { QUANTITIES, TOKEN_QUANTITIES } from '@ledgerline/contracts';
import { type LedgerSums } from './sums.js';

/** One column of the quota projection: its places, and what the log says it has to be. */
export interface QuotaSum {
  readonly name: string;
  /** Decimal places at rest; values here are integers of 10^-scale. */
  readonly scale: number;
  readonly expected: (sums: LedgerSums) => bigint;
}

const indexOf = new Map(QUANTITIES.map(({ name, index }) => [name as string, index]));
const quantity = (name: string) => (sums: LedgerSums): bigint => sums.quantities[indexOf.get(name)!]!;

/** What quotas are held against, in the order in which a difference is named. */
export const QUOTA_SUMS: readonly QuotaSum[] = [
  { name: 'event_count', scale: 0, expected: (sums) => sums.events },
  { name: 'unpriced_events', scale: 0, expected: (sums) => sums.unpriced },
  { name: 'cost_usd', scale: 12, expected: (sums) => sums.costPicoUsd },
  { name: 'requests', scale: 0, expected: (sums) => sums.requestsMade },
  { name: 'tokens', scale: 0, expected: (sums) => TOKEN_QUANTITIES.reduce((sum, { index }) => sum + sums.quantities[index]!, 0n) },
  { name: 'characters', scale: 0, expected: quantity('characters') },
  { name: 'seconds', scale: 9, expected: quantity('seconds') },
  { name: 'credits', scale: 9, expected: quantity('credits') },
];

/** The projection's numbers of one key, in the order of QUOTA_SUMS. */
export type QuotaNumbers = readonly bigint[];

export const noQuotaNumbers: QuotaNumbers = QUOTA_SUMS.map(() => 0n);

export const quotaText = (sum: QuotaSum, value: bigint): string => formatScaled(value, sum.scale);

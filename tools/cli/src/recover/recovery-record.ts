import { type LedgerSums } from '../audit/sums.js';
import { describeKey } from '../audit/usage-key.js';
import { noQuotaNumbers, QUOTA_SUMS, type QuotaNumbers, quotaText } from '../audit/quota-sums.js';
import { type LostItem } from './adapters/read-stored-events.js';
import { type PartitionSurvey, seenUpTo } from './survey.js';

/** Exact numbers by key, as decimal texts of whole units in the order of QUOTA_SUMS: what goes into a file. */
export type NumbersByKey = Record<string, string[]>;

/** What became of one partition. */
export interface PartitionRecord {
  readonly partition: number;
  readonly usage_ends_at: number;
  readonly priced_reaches: number;
  readonly seen_up_to: number;
  /** Events whose messages are gone and which were entered anew from their rows, at the price they had. */
  restored_events: number;
  /** USAGE messages that survived without their outcomes and wait to be priced, and the events in them. */
  carried_messages: number;
  carried_events: number;
  /** USAGE messages of which only sums are known: their events are gone. Null: none. */
  readonly gone: { readonly from: number; readonly to: number } | null;
}

/** A recovery, as far as it came: kept in a file, so that one that was cut short goes on and still reports everything. */
export interface RecoveryRecord {
  readonly closed_generation: number;
  readonly open_generation: number;
  readonly partitions: readonly PartitionRecord[];
  /** Corrections and quarantined items whose messages are gone; they have to be sent again. */
  readonly lost_items: readonly LostItem[];
  /** The quota sums as they were found. */
  readonly before: NumbersByKey;
  /** What the log and the rows had, and the sums had not yet. */
  readonly uncounted: NumbersByKey;
  /** What the sums had, and is to be counted again when it is priced. */
  readonly carried: NumbersByKey;
}

export function partitionRecord(survey: PartitionSurvey): PartitionRecord {
  const { partition, usageEnd, sourceEnd, rows, quota } = survey;
  const known = Math.max(sourceEnd, rows.source, usageEnd);
  return {
    partition,
    usage_ends_at: usageEnd,
    priced_reaches: sourceEnd,
    seen_up_to: seenUpTo(survey),
    restored_events: 0,
    carried_messages: 0,
    carried_events: 0,
    gone: quota.source > known ? { from: known + 1, to: quota.source } : null,
  };
}

export const toNumbers = (sums: LedgerSums): string[] => QUOTA_SUMS.map(({ expected }) => expected(sums).toString());
export const fromQuota = (numbers: QuotaNumbers): string[] => numbers.map(String);
export const byKey = <T>(map: ReadonlyMap<string, T>, text: (value: T) => string[]): NumbersByKey => Object.fromEntries([...map].map(([key, value]) => [key, text(value)]));

/** What is gone of one customer's use of a model in a month: exact texts by the names of the quota sums. Null: not known. */
export interface GoneUsage {
  readonly where: string;
  readonly numbers: Readonly<Record<string, string | null>>;
}

/** Of what is carried over nobody knows the price yet, so what it cost before cannot be told apart from what is gone. */
const NEEDS_PRICE = new Set(['cost_usd', 'unpriced_events']);

/** What the sums had counted and nothing has any more. Pure. @param after the sums as they are now */
export function goneUsage({ before, uncounted, carried }: RecoveryRecord, after: ReadonlyMap<string, QuotaNumbers>): GoneUsage[] {
  const numbersOf = (numbers: NumbersByKey, key: string): readonly bigint[] => numbers[key]?.map(BigInt) ?? noQuotaNumbers;
  return [...new Set([...Object.keys(before), ...after.keys()])].sort().flatMap((key) => {
    const [had, missed, waiting] = [numbersOf(before, key), numbersOf(uncounted, key), numbersOf(carried, key)];
    const has = after.get(key) ?? noQuotaNumbers;
    const gone = QUOTA_SUMS.map((_, i) => had[i]! + missed[i]! - has[i]! - waiting[i]!);
    const unknown = (name: string): boolean => carried[key] !== undefined && NEEDS_PRICE.has(name);
    if (gone.every((value, i) => value === 0n || unknown(QUOTA_SUMS[i]!.name))) return [];
    return [{ where: describeKey(key), numbers: Object.fromEntries(QUOTA_SUMS.map((sum, i) => [sum.name, unknown(sum.name) ? null : quotaText(sum, gone[i]!)])) }];
  });
}

import { formatScaled, formatUsd, QUANTITY_SCALE } from '@ledgerline/kernel';
import { QUANTITIES } from '@ledgerline/contracts';
import { type LedgerEntry } from './ledger-line.js';

/** An event among the rows: how often it was recorded, and as what. */
export interface CountedEvent {
  /** Recorded rows of this identity; 1 where all is well. */
  readonly copies: number;
  /** 1e-12 USD as recorded, before any correction; null is unpriced. */
  readonly costPicoUsd: bigint | null;
  /** By index of QUANTITIES, 0 where absent. */
  readonly usage: readonly bigint[];
}

/** An event that is kept but not counted. */
export interface HeldEvent {
  /** quarantined, late or parked. */
  readonly outcome: string;
  readonly code: string;
}

/** What the stack knows of events, by their usage_id. Both are asked for many at once. */
export interface EventsById {
  counted(usageIds: readonly string[], numbers: boolean): Promise<ReadonlyMap<string, CountedEvent>>;
  held(usageIds: readonly string[]): Promise<ReadonlyMap<string, HeldEvent>>;
}

export type ProblemKind = 'missing' | 'doubled' | 'different';

/** A line of the ledger that the stack does not bear out. */
export interface LedgerProblem {
  readonly line: number;
  readonly usageId: string;
  readonly kind: ProblemKind;
  readonly detail: string;
}

export interface LedgerReport {
  /** Lines that say an event was acknowledged. */
  readonly acknowledged: number;
  /** Lines with another status, which say nothing. */
  readonly passedOver: number;
  readonly priced: number;
  readonly unpriced: number;
  /** Kept but not counted, by `outcome: code`. */
  readonly held: ReadonlyMap<string, number>;
  readonly problems: Readonly<Record<ProblemKind, number>>;
  /** The first of them, in the order of the file. */
  readonly first: readonly LedgerProblem[];
}

/** Lines that are looked up together: one pass over the identities of all rows for each batch. */
const BATCH = 200_000;
const PROBLEMS_KEPT = 1_000;

/** Checks that every acknowledged event is there exactly once, as what the ledger says. Memory is that of a batch. */
export async function checkLedger(entries: AsyncIterable<LedgerEntry | null>, events: EventsById, batchSize = BATCH): Promise<LedgerReport> {
  const check = new Check(events);
  let batch: LedgerEntry[] = [];
  for await (const entry of entries) {
    if (entry === null) {
      check.passedOver++;
      continue;
    }
    batch.push(entry);
    if (batch.length < batchSize) continue;
    await check.batch(batch);
    batch = [];
  }
  if (batch.length > 0) await check.batch(batch);
  return check;
}

class Check implements LedgerReport {
  acknowledged = 0;
  passedOver = 0;
  priced = 0;
  unpriced = 0;
  readonly held = new Map<string, number>();
  readonly problems: Record<ProblemKind, number> = { missing: 0, doubled: 0, different: 0 };
  readonly first: LedgerProblem[] = [];

  constructor(private readonly events: EventsById) {}

  async batch(entries: readonly LedgerEntry[]): Promise<void> {
    this.acknowledged += entries.length;
    const numbers = entries.some(({ costPicoUsd, usage }) => costPicoUsd !== undefined || usage !== undefined);
    const counted = await this.events.counted([...new Set(entries.map(({ usageId }) => usageId))], numbers);
    const absent = [...new Set(entries.filter(({ usageId }) => !counted.has(usageId)).map(({ usageId }) => usageId))];
    const held = absent.length > 0 ? await this.events.held(absent) : new Map<string, HeldEvent>();
    for (const entry of entries) this.entry(entry, counted.get(entry.usageId), held.get(entry.usageId));
  }

  private entry(entry: LedgerEntry, counted: CountedEvent | undefined, held: HeldEvent | undefined): void {
    if (!counted && !held) return this.problem(entry, 'missing', 'is neither counted nor held back');
    if (!counted) {
      const why = `${held!.outcome}: ${held!.code}`;
      this.held.set(why, (this.held.get(why) ?? 0) + 1);
      return;
    }
    if (counted.copies !== 1) return this.problem(entry, 'doubled', `is recorded ${counted.copies} times`);
    const difference = differenceOf(entry, counted);
    if (difference) return this.problem(entry, 'different', difference);
    if (counted.costPicoUsd === null) this.unpriced++;
    else this.priced++;
  }

  private problem({ line, usageId }: LedgerEntry, kind: ProblemKind, detail: string): void {
    this.problems[kind]++;
    if (this.first.length < PROBLEMS_KEPT) this.first.push({ line, usageId, kind, detail });
  }
}

function differenceOf({ costPicoUsd, usage }: LedgerEntry, counted: CountedEvent): string | undefined {
  if (costPicoUsd !== undefined && costPicoUsd !== counted.costPicoUsd) {
    return `cost_usd should be ${formatUsd(costPicoUsd)} but is ${counted.costPicoUsd === null ? 'unknown' : formatUsd(counted.costPicoUsd)}`;
  }
  for (const [index, value] of usage ?? []) {
    const found = counted.usage[index] ?? 0n;
    const { name, decimal } = QUANTITIES[index]!;
    const text = (amount: bigint): string => formatScaled(amount, decimal ? QUANTITY_SCALE : 0);
    if (found !== value) return `${name} should be ${text(value)} but is ${text(found)}`;
  }
  return undefined;
}

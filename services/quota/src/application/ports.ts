import { type Change } from '@ledgerline/administration';
import { type Metric, type MonthNumber, type QuarantineGrew, type QuarantineHour, type Quota, type WindowEvent, type WindowState } from '@ledgerline/domain-quota';
import { type UsageTally } from './usage-tally.js';

/** A position in a PRICED stream. */
export interface Position {
  readonly generation: number;
  readonly partition: number;
  readonly sequence: number;
}

/** A partition's checkpoint on its way from where this batch began to where it ends. */
export interface CheckpointMove {
  readonly partition: number;
  readonly fromSequence: number;
  readonly fromSourceSequence: number;
  readonly sequence: number;
  /** Last USAGE sequence counted. */
  readonly sourceSequence: number;
  readonly streamId: string;
  readonly messageDigest: string;
  readonly highestSeen: number;
}

/** One quota in one month. */
export interface QuotaWindow {
  readonly quota: Quota;
  readonly month: MonthNumber;
}

/** A window event with all that its reader needs to know. */
export interface Decision {
  readonly eventId: string;
  readonly window: QuotaWindow;
  readonly event: WindowEvent;
  readonly value: bigint;
  readonly decidedAtUs: number;
  readonly positions: readonly Position[];
}

/** Another writer moved a checkpoint: this batch was counted elsewhere, or this copy fell behind. Nothing may be committed. */
export class CheckpointMovedError extends Error {
  constructor(partitions: readonly number[]) {
    super(`the checkpoint of a partition among ${partitions.join(', ')} is not where this batch began`);
    this.name = 'CheckpointMovedError';
  }
}

/** Batches in flight did not end in time for a quota to be changed. Nothing was changed. */
export class CountingBusyError extends Error {
  constructor() {
    super('usage is being counted; the quota could not be changed in time');
    this.name = 'CountingBusyError';
  }
}

/** A customer has one quota at most for a metric, provider and model. */
export class QuotaExistsError extends Error {
  constructor(readonly quotaId: string) {
    super(`quota ${quotaId} limits the same already`);
    this.name = 'QuotaExistsError';
  }
}

/** One database transaction. What it wrote is visible to others all at once when the work it was given resolves, or never. */
export interface QuotaTransaction {
  /** Waits until nobody changes quotas; nobody will until the end. Any number of batches count side by side. */
  enterCounting(): Promise<void>;
  /** Waits until no batch is between its sums and its decision, and keeps new ones out until the end. @throws CountingBusyError */
  enterChanging(): Promise<void>;
  /** @throws LeaseLostError unless every unit is still held at that epoch */
  fence(epochs: ReadonlyMap<number, number>): Promise<void>;
  /** @throws CheckpointMovedError */
  moveCheckpoints(moves: readonly CheckpointMove[]): Promise<void>;
  positions(): Promise<Position[]>;
  /** Adds a batch's sums. Rows are taken in one order by everybody, so that two batches never wait for each other in a circle. */
  addSums(tally: UsageTally): Promise<void>;
  /** Remembers customers; returns those never seen before, each announced as CustomerSeen. */
  rememberCustomers(customers: readonly string[], decidedAtUs: number): Promise<string[]>;
  /** Their quotas, locked until the end, in one order. */
  lockQuotasOf(customers: readonly string[]): Promise<Quota[]>;
  lockQuota(id: string): Promise<Quota | undefined>;
  /** @throws QuotaExistsError */
  insertQuota(quota: Quota): Promise<void>;
  updateQuota(quota: Quota): Promise<void>;
  deleteQuota(id: string): Promise<void>;
  monthsUsedBy(customer: string): Promise<MonthNumber[]>;
  /** What each window's usage adds up to, now: the sums of everything committed and of this transaction. */
  valuesOf(windows: readonly QuotaWindow[]): Promise<bigint[]>;
  statesOf(windows: readonly QuotaWindow[]): Promise<WindowState[]>;
  saveStates(changes: readonly { window: QuotaWindow; state: WindowState }[]): Promise<void>;
  /** Puts decisions into the outbox, and makes the commit wait for the disk. */
  announce(decisions: readonly Decision[]): Promise<void>;
  /** Adds to the counts of held events by hour (microseconds since the Unix epoch), in one order; returns those hours as they are then. */
  addHeldEvents(heldByHour: ReadonlyMap<number, number>): Promise<QuarantineHour[]>;
  /** Marks hours as announced and puts that into the outbox; the commit waits for the disk. */
  announceGrowth(growths: readonly QuarantineGrew[], decidedAtUs: number, positions: readonly Position[]): Promise<void>;
}

export interface QuotaStore {
  /** Runs work in one transaction; commits when it resolves, and only then. */
  transact<T>(work: (transaction: QuotaTransaction) => Promise<T>): Promise<T>;
  /** Runs work in the transaction of an administrative change. */
  join<T>(change: Change, work: (transaction: QuotaTransaction) => Promise<T>): Promise<T>;
}

/** A quota with its value in one month. */
export interface QuotaView {
  readonly quota: Quota;
  readonly month: MonthNumber;
  readonly value: bigint;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface QuotaFilter {
  readonly customerId?: string;
  readonly metric?: Metric;
  /** Only quotas with an id above this one. */
  readonly after?: string;
  readonly limit: number;
}

export interface QuotaReader {
  /** @param change whose transaction sees more than others do */
  find(id: string, month: MonthNumber, change?: Change): Promise<QuotaView | undefined>;
  /** In the order of their ids. */
  list(filter: QuotaFilter, month: MonthNumber): Promise<QuotaView[]>;
}

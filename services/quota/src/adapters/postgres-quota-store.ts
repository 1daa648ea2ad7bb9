import { type Change, transactionOf } from '@ledgerline/administration';
import { type MonthNumber, type QuarantineGrew, type QuarantineHour, type Quota, type WindowState } from '@ledgerline/domain-quota';
import { fenceLease } from '@ledgerline/postgres';
import { type Kysely, sql, type Transaction } from 'kysely';
import {
  type CheckpointMove,
  CountingBusyError,
  type Decision,
  type Position,
  type QuotaStore,
  type QuotaTransaction,
  type QuotaWindow,
} from '../application/ports.js';
import { type UsageTally } from '../application/usage-tally.js';
import { textArray } from './array-literal.js';
import { customerSeenToWire, quarantineGrewToWire, toWire } from './mapping.js';
import { moveCheckpoints, positions } from './postgres-checkpoints.js';
import { enqueue } from './postgres-outbox.js';
import { addHeldEvents, markAnnounced } from './postgres-quarantine-hours.js';
import { deleteQuota, insertQuota, lockQuota, lockQuotasOf, updateQuota } from './postgres-quotas.js';
import { addSums, monthsUsedBy, SumRowsGoneError, valuesOf } from './postgres-usage-sums.js';
import { saveStates, statesOf } from './postgres-windows.js';
import { type QuotaDatabase } from './quota-database.js';
import { type LearnedRow, SumRowIds } from './sum-row-ids.js';

/** The lock that batches share and changes of quotas take alone. */
export const GATE = sql`hashtextextended('ledgerline.quota.gate', 0)`;

/** A change of a quota waits this long for the batches in flight; then it is refused rather than queued for ever. */
const CHANGE_LOCK_TIMEOUT_MS = 10_000;
const LOCK_NOT_AVAILABLE = '55P03';

/** The server ends a transaction whose process sends nothing for this long: frozen, it would keep everybody else waiting at the gate. */
const IDLE_LIMIT = sql`set_config('idle_in_transaction_session_timeout', '8000', true)`;

export interface PostgresQuotaStoreOptions {
  readonly db: Kysely<QuotaDatabase>;
  readonly generation: number;
  readonly leaseScope: string;
}

/** Transactions in READ COMMITTED: each statement sees what was committed before it, which is what reading behind a lock needs. */
export class PostgresQuotaStore implements QuotaStore {
  private readonly rowIds = new SumRowIds();

  constructor(private readonly options: PostgresQuotaStoreOptions) {}

  async transact<T>(work: (transaction: QuotaTransaction) => Promise<T>): Promise<T> {
    const learned: LearnedRow[] = [];
    try {
      const result = await this.options.db
        .transaction()
        .setIsolationLevel('read committed')
        .execute((db) => work(new PostgresQuotaTransaction(db, this.options, this.rowIds, learned)));
      this.rowIds.learn(learned);
      return result;
    } catch (error) {
      if (error instanceof SumRowsGoneError) this.rowIds.clear();
      throw error;
    }
  }

  /** A change of a quota writes no sums, so there is nothing to learn of it. */
  join<T>(change: Change, work: (transaction: QuotaTransaction) => Promise<T>): Promise<T> {
    return work(new PostgresQuotaTransaction(transactionOf<QuotaDatabase>(change), this.options, this.rowIds, []));
  }
}

/** One of the store's transactions, or another one that does what they do. */
export class PostgresQuotaTransaction implements QuotaTransaction {
  constructor(
    private readonly db: Transaction<QuotaDatabase>,
    private readonly options: PostgresQuotaStoreOptions,
    private readonly rowIds: SumRowIds,
    /** Filled as rows are written. */
    private readonly learned: LearnedRow[],
  ) {}

  /**
   * Plain sums need not wait for the disk: after a crash their batch is replayed from the checkpoint that is lost with them. Only nested
   * loops remain: they take rows in the order of the batch, and looking up keys is all that a batch does.
   */
  async enterCounting(): Promise<void> {
    await sql`
      select ${IDLE_LIMIT}, set_config('synchronous_commit', 'off', true), set_config('enable_hashjoin', 'off', true),
        set_config('enable_mergejoin', 'off', true), set_config('enable_seqscan', 'off', true), pg_advisory_xact_lock_shared(${GATE})`.execute(
      this.db,
    );
  }

  async enterChanging(): Promise<void> {
    await sql`select ${IDLE_LIMIT}, set_config('lock_timeout', ${String(CHANGE_LOCK_TIMEOUT_MS)}, true)`.execute(this.db);
    try {
      await sql`select pg_advisory_xact_lock(${GATE})`.execute(this.db);
    } catch (error) {
      throw (error as { code?: unknown }).code === LOCK_NOT_AVAILABLE ? new CountingBusyError() : error;
    }
  }

  async fence(epochs: ReadonlyMap<number, number>): Promise<void> {
    for (const [unit, epoch] of epochs) await fenceLease(this.db, 'quota', this.options.leaseScope, unit, epoch);
  }

  moveCheckpoints(moves: readonly CheckpointMove[]): Promise<void> {
    return moveCheckpoints(this.db, this.options.generation, moves);
  }

  positions(): Promise<Position[]> {
    return positions(this.db);
  }

  async addSums(tally: UsageTally): Promise<void> {
    for (const row of await addSums(this.db, tally, this.rowIds)) this.learned.push(row);
  }

  async rememberCustomers(customers: readonly string[], decidedAtUs: number): Promise<string[]> {
    const { rows } = await sql<{ customer_id: string }>`
      insert into quota.customers_seen (customer_id) select * from unnest(${textArray([...customers].sort())}::text[])
      on conflict do nothing returning customer_id`.execute(this.db);
    const seen = rows.map((row) => row.customer_id);
    await enqueue(
      this.db,
      seen.map((customer) => customerSeenToWire(customer, decidedAtUs)),
    );
    return seen;
  }

  lockQuotasOf(customers: readonly string[]): Promise<Quota[]> {
    return lockQuotasOf(this.db, customers);
  }

  lockQuota(id: string): Promise<Quota | undefined> {
    return lockQuota(this.db, id);
  }

  insertQuota(quota: Quota): Promise<void> {
    return insertQuota(this.db, quota);
  }

  updateQuota(quota: Quota): Promise<void> {
    return updateQuota(this.db, quota);
  }

  deleteQuota(id: string): Promise<void> {
    return deleteQuota(this.db, id);
  }

  monthsUsedBy(customer: string): Promise<MonthNumber[]> {
    return monthsUsedBy(this.db, customer);
  }

  valuesOf(windows: readonly QuotaWindow[]): Promise<bigint[]> {
    return valuesOf(this.db, windows);
  }

  statesOf(windows: readonly QuotaWindow[]): Promise<WindowState[]> {
    return statesOf(this.db, windows);
  }

  saveStates(changes: readonly { window: QuotaWindow; state: WindowState }[]): Promise<void> {
    return saveStates(this.db, changes);
  }

  addHeldEvents(heldByHour: ReadonlyMap<number, number>): Promise<QuarantineHour[]> {
    return addHeldEvents(this.db, heldByHour);
  }

  async announceGrowth(growths: readonly QuarantineGrew[], decidedAtUs: number, at: readonly Position[]): Promise<void> {
    await sql`select set_config('synchronous_commit', 'on', true)`.execute(this.db);
    await markAnnounced(
      this.db,
      growths.map(({ hourStartUs }) => hourStartUs),
    );
    await enqueue(
      this.db,
      growths.map((grew) => quarantineGrewToWire(grew, decidedAtUs, at)),
    );
  }

  /** An alert must not be told of a crossing that a crash takes back: this commit waits for the disk. */
  async announce(decisions: readonly Decision[]): Promise<void> {
    await sql`select set_config('synchronous_commit', 'on', true)`.execute(this.db);
    await enqueue(this.db, decisions.map(toWire));
  }
}

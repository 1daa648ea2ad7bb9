import { type Quota, type WindowState } from '@ledgerline/domain-quota';
import { CheckpointMovedError, type Decision, type QuotaStore, type QuotaTransaction, type QuotaWindow } from '../src/application/ports.js';
import { type CountedUpTo } from '../src/consumers/read-priced.js';

/** A process that asks over a network, and may die in between. */
export interface Asking {
  ask<T>(what: string, carryOut: () => T | Promise<T>): Promise<T>;
  readonly name: string;
}

class AbortedError extends Error {}

/** One transaction: what it wrote is its own until it commits, and what it locked nobody else touches until it is over. */
class MemoryTransaction {
  readonly checkpoints = new Map<number, CountedUpTo>();
  readonly sums = new Map<string, bigint>();
  readonly states = new Map<string, WindowState>();
  readonly customers = new Set<string>();
  readonly decisions: Decision[] = [];
  open = true;
  private end!: () => void;
  readonly over = new Promise<void>((resolve) => (this.end = resolve));

  close(): void {
    this.open = false;
    this.end();
  }
}

/** Postgres in memory as far as counting needs it: READ COMMITTED with row locks. Sums are those of tokens. */
export class MemoryQuotaStore {
  readonly checkpoints = new Map<number, CountedUpTo>();
  /** By customer, month and model. */
  readonly sums = new Map<string, bigint>();
  /** In the order in which they were committed. */
  readonly decisions: Decision[] = [];
  readonly customersSeen: string[] = [];
  private readonly states = new Map<string, WindowState>();
  private readonly locks = new Map<string, MemoryTransaction>();
  private readonly transactionsOf = new Map<string, Set<MemoryTransaction>>();

  constructor(private readonly quotas: readonly Quota[]) {}

  /** The server notices that a process is gone: its transactions are rolled back. */
  abortAllOf(process: string): void {
    for (const transaction of this.transactionsOf.get(process) ?? []) transaction.close();
  }

  asSeenBy(process: Asking): QuotaStore {
    return {
      transact: async (work) => {
        const transaction = new MemoryTransaction();
        this.transactionsOf.set(process.name, (this.transactionsOf.get(process.name) ?? new Set()).add(transaction));
        try {
          const result = await work(this.statements(process, transaction));
          await process.ask('commit', () => this.commit(transaction));
          return result;
        } catch (error) {
          transaction.close();
          throw error;
        }
      },
      join: () => Promise.reject(new Error('counting does not ask for this')),
    };
  }

  private statements(process: Asking, own: MemoryTransaction): QuotaTransaction {
    const ask = <T>(what: string, carryOut: () => T | Promise<T>): Promise<T> => process.ask(what, carryOut);
    const never = (): Promise<never> => Promise.reject(new Error('counting does not ask for this'));
    return {
      enterCounting: async () => undefined,
      // Nobody is kept away by a lease here: only the checkpoints keep two writers apart.
      fence: async () => undefined,
      moveCheckpoints: (moves) =>
        ask('move checkpoints', async () => {
          for (const move of moves) {
            await this.lock(own, `checkpoint ${move.partition}`);
            const at = this.checkpoints.get(move.partition) ?? { sequence: 0, sourceSequence: 0 };
            if (at.sequence !== move.fromSequence || at.sourceSequence !== move.fromSourceSequence) throw new CheckpointMovedError([move.partition]);
            own.checkpoints.set(move.partition, { sequence: move.sequence, sourceSequence: move.sourceSequence });
          }
        }),
      rememberCustomers: (customers) =>
        ask('remember customers', async () => {
          const seen: string[] = [];
          for (const customer of [...customers].sort()) {
            await this.lock(own, `customer ${customer}`);
            if (!this.customersSeen.includes(customer)) seen.push(customer);
          }
          for (const customer of seen) own.customers.add(customer);
          return seen;
        }),
      addSums: (tally) =>
        ask('add sums', async () => {
          const rows = Array.from({ length: tally.rowCount }, (_, row) => ({ key: `${tally.customers[tally.customerOf[row]!]} ${tally.monthOf[row]} ${tally.scopes[tally.scopeOf[row]!]!.model}`, tokens: BigInt(tally.sums.tokens.text(row)) }));
          for (const { key, tokens } of rows.sort((a, b) => (a.key < b.key ? -1 : 1))) {
            await this.lock(own, `sum ${key}`);
            own.sums.set(key, (own.sums.get(key) ?? 0n) + tokens);
          }
        }),
      lockQuotasOf: (customers) =>
        ask('lock quotas', async () => {
          const found = this.quotas.filter(({ customerId }) => customers.includes(customerId));
          for (const { id } of found) await this.lock(own, `quota ${id}`);
          return found;
        }),
      valuesOf: (windows) => ask('values', () => windows.map(({ quota, month }) => sumOf([this.sums, own.sums], `${quota.customerId} ${month} `))),
      statesOf: (windows) => ask('states', () => windows.map((window) => this.states.get(keyOf(window)) ?? new Map())),
      saveStates: (changes) => ask('save states', () => changes.forEach(({ window, state }) => own.states.set(keyOf(window), state))),
      announce: (decisions) => ask('announce', () => void own.decisions.push(...decisions)),
      addHeldEvents: never,
      announceGrowth: never,
      enterChanging: never,
      positions: never,
      lockQuota: never,
      insertQuota: never,
      updateQuota: never,
      deleteQuota: never,
      monthsUsedBy: never,
    };
  }

  private async lock(own: MemoryTransaction, key: string): Promise<void> {
    for (;;) {
      if (!own.open) throw new AbortedError();
      const holder = this.locks.get(key);
      if (holder === undefined || holder === own || !holder.open) break;
      await Promise.race([holder.over, own.over]);
    }
    this.locks.set(key, own);
  }

  private commit(own: MemoryTransaction): void {
    if (!own.open) throw new AbortedError();
    for (const [partition, at] of own.checkpoints) this.checkpoints.set(partition, at);
    for (const [key, tokens] of own.sums) this.sums.set(key, (this.sums.get(key) ?? 0n) + tokens);
    for (const [key, state] of own.states) this.states.set(key, state);
    this.customersSeen.push(...own.customers);
    this.decisions.push(...own.decisions);
    own.close();
  }
}

const keyOf = ({ quota, month }: QuotaWindow): string => `${quota.id} ${month}`;
const sumOf = (rows: readonly ReadonlyMap<string, bigint>[], prefix: string): bigint =>
  rows.flatMap((one) => [...one]).reduce((sum, [key, tokens]) => (key.startsWith(prefix) ? sum + tokens : sum), 0n);

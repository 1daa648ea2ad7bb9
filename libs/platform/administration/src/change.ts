import { sql, type Transaction } from 'kysely';

/** One administrative change: a transaction that knows on whose behalf it runs. What is written through it has its entries in the log. */
export interface Change {
  /** Calls back when it is committed, and only then. */
  afterCommit(callback: () => void): void;
}

/** The one kind of change there is; ports know it as a {@link Change}. */
export class RunningChange implements Change {
  private readonly callbacks: (() => void)[] = [];

  constructor(readonly transaction: Transaction<unknown>) {}

  afterCommit(callback: () => void): void {
    this.callbacks.push(callback);
  }

  committed(): void {
    for (const callback of this.callbacks) callback();
  }
}

/** The transaction of a change, for adapters. */
export function transactionOf<DB>(change: Change): Transaction<DB> {
  return (change as RunningChange).transaction as Transaction<DB>;
}

/** What the log calls the updates that follow in this change, such as `revoked` for `key.revoked`; `changed` without a word. */
export async function calledBy(change: Change, verb: string): Promise<void> {
  await sql`select set_config('ledgerline.verb', ${verb}, true)`.execute(transactionOf(change));
}

import { type Change } from '@ledgerline/administration';
import { type Quota, type QuotaTerms, underNewTerms } from '@ledgerline/domain-quota';
import { type Clock, type Result } from '@ledgerline/kernel';
import { decideWindows } from './decide-windows.js';
import { type QuotaStore } from './ports.js';

/** Checks new terms against the quota they are for: what its metric allows is known only then. */
export type TermsFor<E> = (quota: Quota) => Result<QuotaTerms, E>;

/** Changes the limit or the thresholds of a quota and decides every month with usage anew, under the lock that keeps batches out. */
export class ChangeQuota {
  constructor(
    private readonly store: QuotaStore,
    private readonly clock: Clock,
    private readonly onDecisions: () => void,
  ) {}

  /** Returns the changed quota, what is wrong with the terms, or undefined when there is no such quota. */
  async execute<E>(id: string, termsFor: TermsFor<E>, change: Change): Promise<Result<Quota, E> | undefined> {
    const outcome = await this.store.join(change, async (transaction) => {
      await transaction.enterChanging();
      const quota = await transaction.lockQuota(id);
      if (quota === undefined) return undefined;
      const terms = termsFor(quota);
      if (!terms.ok) return { result: terms, decided: 0 };
      const changed = underNewTerms(quota, terms.value);
      await transaction.updateQuota(changed);
      const months = await transaction.monthsUsedBy(quota.customerId);
      const windows = months.map((month) => ({ quota: changed, month }));
      const moment = { decidedAtUs: this.clock.nowMs() * 1000, positions: await transaction.positions() };
      return { result: { ok: true as const, value: changed }, decided: await decideWindows(transaction, windows, moment) };
    });
    if (outcome !== undefined && outcome.decided > 0) change.afterCommit(this.onDecisions);
    return outcome?.result;
  }
}

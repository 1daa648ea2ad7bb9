import { randomUUID } from 'node:crypto';
import { type Change } from '@ledgerline/administration';
import { type Metric, type Quota, type QuotaTerms } from '@ledgerline/domain-quota';
import { type Clock } from '@ledgerline/kernel';
import { decideWindows } from './decide-windows.js';
import { type QuotaStore } from './ports.js';

export interface NewQuota {
  readonly customerId: string;
  readonly metric: Metric;
  readonly provider: string | null;
  readonly model: string | null;
  readonly terms: QuotaTerms;
}

/** Sets a quota. Usage may have begun long before: every month that has some is decided at once, on its true sum. */
export class SetQuota {
  constructor(
    private readonly store: QuotaStore,
    private readonly clock: Clock,
    private readonly onDecisions: () => void,
  ) {}

  /** Returns the quota's id. @throws QuotaExistsError */
  async execute(wanted: NewQuota, change: Change): Promise<string> {
    const quota: Quota = { id: randomUUID(), limitVersion: 1, ...wanted };
    const decided = await this.store.join(change, async (transaction) => {
      await transaction.enterChanging();
      await transaction.insertQuota(quota);
      const months = await transaction.monthsUsedBy(quota.customerId);
      const windows = months.map((month) => ({ quota, month }));
      return decideWindows(transaction, windows, { decidedAtUs: this.clock.nowMs() * 1000, positions: await transaction.positions() });
    });
    if (decided > 0) change.afterCommit(this.onDecisions);
    return quota.id;
  }
}

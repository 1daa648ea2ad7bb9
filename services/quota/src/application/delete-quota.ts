import { type Change } from '@ledgerline/administration';
import { type Clock } from '@ledgerline/kernel';
import { withdrawWindows } from './decide-windows.js';
import { type QuotaStore } from './ports.js';

/** Ends a quota; what it had raised is taken back, so that no alert stands for a limit that is gone. */
export class DeleteQuota {
  constructor(
    private readonly store: QuotaStore,
    private readonly clock: Clock,
    private readonly onDecisions: () => void,
  ) {}

  /** Returns false when there is no such quota. */
  async execute(id: string, change: Change): Promise<boolean> {
    const decided = await this.store.join(change, async (transaction) => {
      await transaction.enterChanging();
      const quota = await transaction.lockQuota(id);
      if (quota === undefined) return undefined;
      const months = await transaction.monthsUsedBy(quota.customerId);
      const moment = { decidedAtUs: this.clock.nowMs() * 1000, positions: await transaction.positions() };
      const withdrawn = await withdrawWindows(
        transaction,
        months.map((month) => ({ quota, month })),
        moment,
      );
      await transaction.deleteQuota(id);
      return withdrawn;
    });
    if (decided !== undefined && decided > 0) change.afterCommit(this.onDecisions);
    return decided !== undefined;
  }
}

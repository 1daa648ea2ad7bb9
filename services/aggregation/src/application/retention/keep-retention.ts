import { type Clock } from '@ledgerline/kernel';
import { type Logger } from 'pino';
import { completePositions } from './complete-positions.js';
import { type MonthState, type RetentionClaim, type SealLedger, type SealStore, type UsageEnd } from './ports.js';
import { monthEndMs } from './recorded-month.js';

export interface RetentionOptions {
  store: SealStore;
  ledger: SealLedger;
  usageEnd: UsageEnd;
  clock: Clock;
  generation: number;
  partitions: number;
  /** How long rows stay after the end of the month in which they were recorded. */
  keepMs: number;
  /** How long a sealed month's rows stay, for reads that began before it was sealed. */
  graceMs: number;
  newSeal: () => string;
  logger: Pick<Logger, 'info'>;
}

/**
 * Seals recorded months that are old enough and complete, oldest first, then drops their rows. Every step can be interrupted and done
 * again: an attempt that was not committed is never read, and rows go only after the commit.
 */
export class KeepRetention {
  /** When this process first saw a month sealed, on the monotonic clock. */
  private readonly sealedSince = new Map<number, number>();

  constructor(private readonly options: RetentionOptions) {}

  /** One turn: at most one month is sealed. @throws SealMismatchError, LeaseLostError */
  async execute(claim: RetentionClaim): Promise<void> {
    const months = await this.options.store.months();
    for (const state of months) if (state.seal !== null) await this.finish(claim, state, state.seal);
    const next = months.find(({ seal }) => seal === null);
    if (next !== undefined) await this.seal(claim, next.month);
  }

  private async finish(claim: RetentionClaim, { month, dropped }: MonthState, seal: string): Promise<void> {
    const { store, ledger, graceMs, logger } = this.options;
    const recorded = (await ledger.recorded()).get(month);
    // The ledger may have been restored from before the commit.
    if (recorded === undefined) await ledger.record(claim, month, seal, await store.totals(month, seal), () => Promise.resolve());
    if (!dropped) {
      const since = this.sealedSince.get(month) ?? performance.now();
      this.sealedSince.set(month, since);
      if (performance.now() - since < graceMs) return;
      await store.drop(month, seal);
      logger.info({ month }, 'the rows of a sealed month are dropped');
    }
    if (recorded?.dropped !== true) await ledger.recordDropped(claim, month);
  }

  private async seal(claim: RetentionClaim, month: number): Promise<void> {
    const { store, ledger, clock, keepMs, generation, partitions, usageEnd, newSeal, logger } = this.options;
    if (clock.nowMs() < monthEndMs(month) + keepMs) return;
    const positions = await completePositions(month, { generation, partitions }, await ledger.reached(), usageEnd);
    if (positions === null) return;
    const seal = newSeal();
    await store.prepare(month, seal, positions);
    await ledger.record(claim, month, seal, await store.totals(month, seal), () => store.commit(month, seal));
    this.sealedSince.set(month, performance.now());
    logger.info({ month, seal }, 'a month is sealed');
  }
}

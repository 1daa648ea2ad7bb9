import { failpoint } from '@ledgerline/failpoints';
import { type AlertState, decideAlert, evolveAlert } from '@ledgerline/domain-alerting';
import { type Clock } from '@ledgerline/kernel';
import { newsOf } from './alert-news.js';
import {
  type AlertStore,
  type AlertTransaction,
  type AlertUpdate,
  type CheckpointMove,
  type GrownQuarantine,
  type QuotaCrossing,
  subjectKey,
} from './ports.js';

export interface DecisionBatch {
  readonly epochs: ReadonlyMap<number, number>;
  readonly move: CheckpointMove;
  /** In the order they were published. */
  readonly crossings: readonly QuotaCrossing[];
  readonly growths: readonly GrownQuarantine[];
}

/** What a batch changed. */
export interface RecordedAlerts {
  readonly updates: readonly AlertUpdate[];
  readonly raised: readonly GrownQuarantine[];
}

/** People are told by mail, of what was decided from then on (microseconds since the Unix epoch). */
export interface MailTerms {
  readonly sinceUs: number;
  readonly clock: Clock;
}

/**
 * Turns what the quota service decided into alerts, in one transaction with the position. A decision that is in the history already was
 * published again: it changes nothing.
 */
export class RecordAlerts {
  constructor(
    private readonly store: AlertStore,
    /** Without them nobody is told. */
    private readonly mails?: MailTerms,
  ) {}

  /** @throws when nothing was committed, or it is unknown whether it was */
  async execute({ epochs, move, crossings, growths }: DecisionBatch): Promise<RecordedAlerts> {
    return this.store.transact(async (transaction) => {
      await transaction.fence(epochs);
      await transaction.moveCheckpoint(move);
      const updates = crossings.length > 0 ? await recordCrossings(transaction, crossings) : [];
      const raised = growths.length > 0 ? await transaction.raiseGrowths(growths) : [];
      if (this.mails !== undefined) await transaction.queueMails(newsOf({ updates, raised }, this.mails.sinceUs), this.mails.clock.nowMs());
      await failpoint('alerting.before-commit');
      return { updates, raised };
    });
  }
}

async function recordCrossings(transaction: AlertTransaction, crossings: readonly QuotaCrossing[]): Promise<AlertUpdate[]> {
  const fresh = await transaction.unknown([...new Map(crossings.map((crossing) => [crossing.eventId, crossing])).values()]);
  if (fresh.length === 0) return [];
  const states: Map<string, AlertState> = await transaction.alertsOf(fresh);
  const updates = fresh.map((crossing): AlertUpdate => {
    const key = subjectKey(crossing);
    const before = states.get(key);
    const change = decideAlert(crossing, before);
    if (change === undefined) return { crossing, change, state: undefined };
    const state = evolveAlert(before, change, crossing);
    states.set(key, state);
    return { crossing, change, state };
  });
  await transaction.save(updates);
  return updates;
}

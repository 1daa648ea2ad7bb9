import { failpoint } from '@ledgerline/failpoints';
import { type AlertState, decideAlert, evolveAlert } from '@ledgerline/domain-alerting';
import { type AlertStore, type AlertUpdate, type CheckpointMove, type QuotaCrossing, subjectKey } from './ports.js';

export interface CrossingBatch {
  readonly epochs: ReadonlyMap<number, number>;
  readonly move: CheckpointMove;
  /** In the order they were published. */
  readonly crossings: readonly QuotaCrossing[];
}

/**
 * Turns crossings into alerts, in one transaction with the position. A crossing that is in the history already was published again:
 * it changes nothing.
 */
export class RecordCrossings {
  constructor(private readonly store: AlertStore) {}

  /** Returns what changed. @throws when nothing was committed, or it is unknown whether it was */
  async execute({ epochs, move, crossings }: CrossingBatch): Promise<readonly AlertUpdate[]> {
    return this.store.transact(async (transaction) => {
      await transaction.fence(epochs);
      await transaction.moveCheckpoint(move);
      if (crossings.length === 0) return [];
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
      await failpoint('alerting.before-commit');
      return updates;
    });
  }
}

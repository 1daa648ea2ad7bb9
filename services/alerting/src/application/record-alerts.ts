import { type AlertState, decideAlert, evolveAlert } from '@ledgerline/domain-alerting';
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

/**
 * Turns what the quota service decided into alerts, in one transaction with the position. A decision that is in the history already was
 * published again: it changes nothing.
 */
export class RecordAlerts {
  constructor(private readonly store: AlertStore) {}

  /** @throws when nothing was committed, or it is unknown whether it was */
  async execute({ epochs, move, crossings, growths }: DecisionBatch): Promise<RecordedAlerts> {
    return this.store.transact(async (transaction) => {
      await transaction.fence(epochs);
      await transaction.moveCheckpoint(move);
      return {
        updates: crossings.length > 0 ? await recordCrossings(transaction, crossings) : [],
        raised: growths.length > 0 ? await transaction.raiseGrowths(growths) : [],
      };
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

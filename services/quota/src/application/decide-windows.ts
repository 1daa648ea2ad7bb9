import { failpoint } from '@ledgerline/failpoints';
import { crossingId, decideWindow, evolveWindow, type WindowCommand } from '@ledgerline/domain-quota';
import { type Decision, type Position, type QuotaTransaction, type QuotaWindow } from './ports.js';

export interface DecisionMoment {
  readonly decidedAtUs: number;
  readonly positions: readonly Position[];
}

/** Holds what windows add up to against the terms of their quotas, and announces what follows. Returns how many decisions that were. */
export async function decideWindows(
  transaction: QuotaTransaction,
  windows: readonly QuotaWindow[],
  moment: DecisionMoment,
): Promise<number> {
  return decide(transaction, windows, moment, ({ quota }, value) => ({
    kind: 'measure',
    terms: quota.terms,
    limitVersion: quota.limitVersion,
    value,
  }));
}

/** Takes back whatever stands in the windows of a quota that ends. */
export async function withdrawWindows(
  transaction: QuotaTransaction,
  windows: readonly QuotaWindow[],
  moment: DecisionMoment,
): Promise<number> {
  return decide(transaction, windows, moment, () => ({ kind: 'withdraw' }));
}

async function decide(
  transaction: QuotaTransaction,
  windows: readonly QuotaWindow[],
  moment: DecisionMoment,
  commandFor: (window: QuotaWindow, value: bigint) => WindowCommand,
): Promise<number> {
  if (windows.length === 0) return 0;
  const values = await transaction.valuesOf(windows);
  const states = await transaction.statesOf(windows);
  const decisions: Decision[] = [];
  const changes: Parameters<QuotaTransaction['saveStates']>[0][number][] = [];
  windows.forEach((window, i) => {
    const value = values[i]!;
    const events = decideWindow(commandFor(window, value), states[i]!);
    if (events.length === 0) return;
    changes.push({ window, state: events.reduce(evolveWindow, states[i]!) });
    for (const event of events) {
      decisions.push({ eventId: crossingId(window.quota.id, window.month, event), window, event, value, ...moment });
    }
  });
  if (decisions.length === 0) return 0;
  await transaction.saveStates(changes);
  await transaction.announce(decisions);
  await failpoint('quota.after-announce');
  return decisions.length;
}

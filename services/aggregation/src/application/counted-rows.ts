import { Outcome, type PricedRun } from '@ledgerline/contracts';

/** How many events of a run count. */
export function countRows(outcomes: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < outcomes.length; i++) if (outcomes[i] === Outcome.priced || outcomes[i] === Outcome.unpriced) count++;
  return count;
}

/** Their indexes, ascending. */
export function countedRows(outcomes: Uint8Array): Uint32Array {
  const picked = new Uint32Array(countRows(outcomes));
  let count = 0;
  for (let i = 0; i < outcomes.length; i++) if (outcomes[i] === Outcome.priced || outcomes[i] === Outcome.unpriced) picked[count++] = i;
  return picked;
}

/** How many rows of the table a run makes: its events that count, and the signed rows of corrections. */
export function tableRowsOf({ outcomes, correction, deltas }: PricedRun): number {
  return (correction ? 0 : countRows(outcomes)) + (deltas?.entries.length ?? 0);
}

import { Outcome } from '@ledgerline/contracts';

/** How many rows of a run become rows of the table: those that count. */
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

import { type AuditSources, type Sequences } from './sources.js';

/** How long, and by which clock, a projection is waited for. */
export interface Waiting {
  /** How long the rows in ClickHouse may take. */
  readonly waitMs: number;
  readonly nowMs: () => number;
  readonly sleepMs: (ms: number) => Promise<unknown>;
}

/** The audit could not say anything: a projection did not get to the cut. */
export class AuditNotPossibleError extends Error {}

const POLL_MS = 100;

/** Resolves when ClickHouse is known to have the rows of every partition up to the USAGE sequence given. @throws AuditNotPossibleError */
export async function untilRowsReach(sourceTo: Sequences, sources: Pick<AuditSources, 'rowsProgress'>, { waitMs, nowMs, sleepMs }: Waiting): Promise<void> {
  const until = nowMs() + waitMs;
  for (;;) {
    const progress = await sources.rowsProgress();
    const behind = [...sourceTo].find(([partition, sequence]) => (progress.get(partition) ?? 0) < sequence);
    if (!behind) return;
    if (nowMs() >= until) {
      const [partition, sequence] = behind;
      throw new AuditNotPossibleError(
        `after ${Math.round(waitMs / 1000)} s the rows of partition ${partition} reach USAGE sequence ${progress.get(partition) ?? 0}, but ${sequence} is needed. Is aggregation running?`,
      );
    }
    await sleepMs(POLL_MS);
  }
}

import { type Difference, type RebuildOutcome } from '@ledgerline/rebuild';
import { type AlertStore } from './ports.js';
import { type DecisionBatch, RecordAlerts } from './record-alerts.js';

/** The alerts in one transaction in which they are empty, and filled again. Everybody else goes on seeing those in use. */
export interface EmptiedAlerts {
  readonly store: AlertStore;
  /** How far QUOTA had been read: the new ones have to stand there too. */
  readonly upTo: number;
  /** Compares what was filled in with what is in use. */
  differences(): Promise<Difference[]>;
}

export interface AlertsInUse {
  /** Empties them for `work` and makes what it leaves theirs if it answers true; otherwise nothing has happened. Recording waits meanwhile, reading does not. */
  refill(work: (emptied: EmptiedAlerts) => Promise<boolean>): Promise<void>;
}

export interface RebuildAlertsOptions {
  readonly alerts: AlertsInUse;
  /** What QUOTA's messages [1..to] decided, in batches with the sequence each ends at. */
  readonly decisions: (to: number) => AsyncIterable<Pick<DecisionBatch, 'crossings' | 'growths'> & { readonly sequence: number }>;
  readonly onProgress: (read: number, total: number) => void;
  readonly accept: (differences: readonly Difference[]) => Promise<boolean>;
}

/** Records all decisions a second time, by the rules by which they were recorded. Nobody is asked while recording waits. */
export async function rebuildAlerts({ alerts, decisions, onProgress, accept }: RebuildAlertsOptions): Promise<RebuildOutcome> {
  const fill = async (accepted: boolean): Promise<readonly Difference[]> => {
    let found: readonly Difference[] = [];
    await alerts.refill(async ({ store, upTo, differences }) => {
      const recordAlerts = new RecordAlerts(store);
      let fromSequence = 0;
      for await (const { sequence, ...decided } of decisions(upTo)) {
        const move = { fromSequence, sequence, streamId: '', messageDigest: '', highestSeen: 0 };
        await recordAlerts.execute({ epochs: new Map(), move, ...decided });
        onProgress((fromSequence = sequence), upTo);
      }
      found = await differences();
      return accepted || found.length === 0;
    });
    return found;
  };
  const found = await fill(false);
  if (found.length === 0) return 'agreed';
  if (!(await accept(found))) return 'kept';
  await fill(true);
  return 'repaired';
}

import { type Delta, type Deltas, decodeCorrectionEnvelope, decodeUsageEnvelope, EnvelopeError, type PricedRun, type UsageColumns } from '@ledgerline/contracts';
import { Contradiction, must } from './difference.js';

/** What a USAGE message holds, decoded anew. */
export interface ItemsOfRun {
  /** Events or corrections; a message that cannot be read is one item. */
  readonly count: number;
  /** Of a message with usage. */
  readonly events?: UsageColumns;
}

/** Decodes the USAGE message of a run. @throws Contradiction when it is not what the run says */
export function readItems(run: PricedRun, where: string): ItemsOfRun {
  if (run.undecodable) {
    if (canBeRead(run)) must('USAGE message', where, 'undecodable', 'false', 'true');
    return { count: 1 };
  }
  if (run.correction) return { count: readable('undecodable', where, () => decodeCorrectionEnvelope(run.usage)).corrections.length };
  const events = readable('undecodable', where, () => decodeUsageEnvelope(run.usage));
  return { count: events.count, events };
}

function canBeRead({ correction, usage }: PricedRun): boolean {
  try {
    if (correction) decodeCorrectionEnvelope(usage);
    else decodeUsageEnvelope(usage);
    return true;
  } catch (error) {
    if (error instanceof EnvelopeError) return false;
    throw error;
  }
}

/** Signed rows of a run. */
export interface DeltaRows {
  readonly columns: UsageColumns;
  readonly entries: readonly Delta[];
}

/** Decodes the signed rows of a run. @throws Contradiction when they cannot be read or are not as many as their entries */
export function readDeltaRows({ rows, entries }: Deltas, where: string): DeltaRows {
  const columns = readable('signed rows', where, () => decodeUsageEnvelope(rows));
  must('Signed rows in PRICED', where, 'row_count', columns.count, entries.length);
  return { columns, entries };
}

function readable<T>(what: 'undecodable' | 'signed rows', where: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error;
    throw new Contradiction(
      what === 'undecodable'
        ? { what: 'USAGE message', where, field: 'undecodable', expected: 'true', found: `false (${error.message})` }
        : { what: 'Signed rows in PRICED', where, field: 'envelope', expected: 'readable', found: error.message },
    );
  }
}

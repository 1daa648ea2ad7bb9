import { decodeUsageEnvelope, type UsageColumns, usageIdText } from '@ledgerline/contracts';
import { fingerprints, MAX_AHEAD_MS } from '@ledgerline/domain-metering';
import { type PartitionTerms } from './check-rows.js';
import { type StoredEvents } from './corrections/stored-events.js';
import { Claim, type Claimant, type IdempotencyIndex } from './idempotency-index.js';

/** Neither the index nor the stored rows reach back to where the event may have been counted before. */
export const LATE = 'late';
export type ClaimAnswer = Claim | typeof LATE;

/** What the stored rows say of an event that is older than the index: its fingerprint, or that they do not reach back so far either. */
type Older = readonly [high: number, low: number] | typeof LATE;

const MAX_AHEAD_US = MAX_AHEAD_MS * 1000;

/** Rows that may have been recorded before `sinceUs`: an event is recorded at most five minutes before it says it occurred. */
export function olderRows({ count, occurredAtUs }: UsageColumns, sinceUs: number): number[] {
  if (sinceUs === 0) return [];
  const rows: number[] = [];
  for (let row = 0; row < count; row++) if (occurredAtUs[row]! < sinceUs + MAX_AHEAD_US) rows.push(row);
  return rows;
}

/**
 * Events that occurred before the index's window begins. Before one of them counts it is looked up in the stored rows; where those do not
 * reach back either, nobody can tell whether it was counted, and it is held back unless its age was declared (a backfill).
 */
export class LateEvents {
  constructor(
    private readonly stored: StoredEvents,
    private readonly terms: PartitionTerms,
  ) {}

  /** A claim on the index that knows of the given rows what the stored rows say. Rejects when those cannot be asked. */
  async claimFor(columns: UsageColumns, rows: readonly number[], index: IdempotencyIndex): Promise<(claimant: Claimant) => ClaimAnswer> {
    const older = await this.lookUp(columns, rows);
    return (claimant) => {
      const known = older.get(claimant.row);
      if (known === undefined) return index.claim(claimant);
      // A row tells for certain; without one, the index may still know of an arrival within its window.
      if (known === LATE) return index.positionOf(claimant.usageIds, claimant.at) === null ? LATE : index.claim(claimant);
      return known[0] === claimant.fingerprintHigh && known[1] === claimant.fingerprintLow ? Claim.duplicate : Claim.conflict;
    };
  }

  private async lookUp(columns: UsageColumns, rows: readonly number[]): Promise<Map<number, Older>> {
    const { dictionary, customer, usageIds, occurredAtUs, backfill } = columns;
    const addressOf = (row: number): string => usageIdText(usageIds, row * 16);
    const found = await this.stored.findAll(rows.map((row) => ({ usageId: addressOf(row), customerId: dictionary[customer[row]!]! })));
    const completeSinceUs = await this.stored.completeSinceUs();
    const older = new Map<number, Older>();
    for (const row of rows) {
      const event = found.get(addressOf(row));
      if (event) {
        const [high, low] = fingerprints(this.terms.key, decodeUsageEnvelope(event.envelope));
        older.set(row, [high!, low!]);
      } else if (completeSinceUs > 0 && occurredAtUs[row]! < completeSinceUs + MAX_AHEAD_US && backfill[row] === 0) {
        older.set(row, LATE);
      }
    }
    return older;
  }
}

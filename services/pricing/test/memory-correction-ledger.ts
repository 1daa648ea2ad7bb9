import { type CorrectionLedger, type LedgerChanges, LedgerMovedError } from '../src/application/corrections/correction-ledger.js';
import { digestOf } from '../src/application/corrections/decide-corrections.js';
import { emptyRecord, type EventRecord } from '../src/application/corrections/event-record.js';
import { type StoredEvents } from '../src/application/corrections/stored-events.js';

/** A ledger that outlives the workers of a test, but no process. */
export class MemoryCorrectionLedger implements CorrectionLedger {
  readonly records = new Map<string, EventRecord>();
  private at = 0;

  async progress(): Promise<number> {
    return this.at;
  }

  async awaited(): Promise<string[]> {
    return [...this.records].filter(([, { parked }]) => parked.length > 0).map(([usageId]) => usageId);
  }

  async find(usageIds: readonly string[]): Promise<Map<string, EventRecord>> {
    const found = new Map<string, EventRecord>();
    for (const usageId of usageIds) {
      const record = this.records.get(usageId);
      if (record) found.set(usageId, { ...record, seen: new Map(record.seen), parked: [...record.parked] });
    }
    return found;
  }

  async save(from: number, to: number, { events, seen, parked, arrived }: LedgerChanges): Promise<void> {
    if (from !== this.at) throw new LedgerMovedError(0);
    this.at = to;
    for (const [usageId, event] of events) this.record(usageId).event = event;
    for (const { usageId, correctionId, digest } of seen) this.remember(usageId, correctionId, digest);
    for (const { usageId, correction } of parked) this.record(usageId).parked.push(correction);
    for (const usageId of arrived) {
      for (const correction of this.record(usageId).parked.splice(0)) this.remember(usageId, correction.correctionId, digestOf(correction));
    }
  }

  private remember(usageId: string, correctionId: string, digest: string): void {
    const { seen } = this.record(usageId);
    if (!seen.has(correctionId)) seen.set(correctionId, digest);
  }

  private record(usageId: string): EventRecord {
    const record = this.records.get(usageId) ?? emptyRecord();
    this.records.set(usageId, record);
    return record;
  }
}

/** A store in which nothing is left that the log does not hold. */
export const nothingStored: StoredEvents = { find: async () => null, findAll: async () => new Map(), completeSinceUs: async () => 0 };

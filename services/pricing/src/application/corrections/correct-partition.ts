import { type Correction, decodeCorrectionEnvelope, decodePricedEnvelope, decodeUsageEnvelope, EnvelopeError, Outcome, type PricedRun, usageIdText } from '@ledgerline/contracts';
import { type PriceBook } from '@ledgerline/domain-pricing';
import { type PartitionTerms } from '../check-rows.js';
import { undecodable, type UsageMessage } from '../decide-run.js';
import { type IdempotencyIndex } from '../idempotency-index.js';
import { type PricedLog } from '../priced-log.js';
import { PricedLogError } from '../recover-index.js';
import { type CorrectionLedger, isNoChange, type LedgerChanges, noChanges } from './correction-ledger.js';
import { decideCorrections } from './decide-corrections.js';
import { applyParked } from './apply-parked.js';
import { emptyRecord, type EventRecord } from './event-record.js';
import { fromIndexedSequence } from '../indexed-position.js';
import { findOriginal, recordedEvent } from './find-original.js';
import { projectCorrections } from './project-corrections.js';
import { type StoredEvents } from './stored-events.js';

export interface CorrectPartitionOptions {
  terms: PartitionTerms;
  book: PriceBook;
  log: PricedLog;
  ledger: CorrectionLedger;
  stored: StoredEvents;
}

/** Without corrections the ledger's position is noted every so many PRICED messages: a restart reads on from there. */
const NOTE_EVERY = 1_000;

/** Corrections in one partition: decides them from the net state of their events, and keeps that state as a projection of PRICED. */
export class CorrectPartition {
  /** Records touched since the last PRICED message was stored, as they are after what was decided. */
  private readonly working = new Map<string, EventRecord>();
  /** Runs decided from those records and not stored yet. */
  private readonly pending = new Set<PricedRun>();
  private awaited = new Set<string>();
  private savedTo = 0;

  constructor(private readonly options: CorrectPartitionOptions) {}

  /** Brings the ledger up to the last PRICED message. Gives up what was not stored. */
  async recover(lastPriced: number): Promise<void> {
    const { log, ledger, terms } = this.options;
    this.working.clear();
    this.pending.clear();
    this.savedTo = await ledger.progress();
    if (this.savedTo > lastPriced) throw new PricedLogError(log.name, `it ends at ${lastPriced}, but the corrections' ledger has seen ${this.savedTo}: the broker lost acknowledged messages`);
    const { firstSequence } = await log.state();
    if (firstSequence > this.savedTo + 1) throw new PricedLogError(log.name, `it begins at ${firstSequence}, but the corrections' ledger covers it only to ${this.savedTo}`);
    let changes = noChanges();
    for await (const message of log.range(this.savedTo + 1, lastPriced)) {
      for (const run of decodePricedEnvelope(message.data).runs) projectCorrections(run, terms, changes);
      // In steps, so that what waits for its original is known before that arrives.
      if (!isNoChange(changes) || message.sequence - this.savedTo >= NOTE_EVERY) {
        await this.save(message.sequence, changes);
        changes = noChanges();
      }
    }
    if (lastPriced > this.savedTo) await this.save(lastPriced, changes);
    this.awaited = new Set(await ledger.awaited());
  }

  /** Decides a message of the correction subject. The originals of its corrections must be in PRICED by now. */
  async decide(message: UsageMessage, index: IdempotencyIndex): Promise<PricedRun> {
    const corrections = this.read(message);
    if (corrections instanceof EnvelopeError) {
      return { ...undecodable(message, { code: 'undecodable', detail: corrections.reason }), correction: true };
    }
    const records = await this.records(corrections.map(({ usageId }) => usageId), index);
    const { terms, book } = this.options;
    const run = decideCorrections(message, corrections, terms, book, records);
    this.pending.add(run);
    return run;
  }

  /** Whether a correction waits for an event that is not recorded yet. */
  get anyAwaited(): boolean {
    return this.awaited.size > 0;
  }

  /** Adds to a run what the corrections that waited for its originals change. */
  async withParked(run: PricedRun, priceBookVersion: string): Promise<PricedRun> {
    if (run.undecodable) return run;
    const columns = decodeUsageEnvelope(run.usage);
    const rows = new Map<string, number>();
    run.outcomes.forEach((outcome, row) => {
      if (outcome !== Outcome.priced && outcome !== Outcome.unpriced) return;
      const usageId = usageIdText(columns.usageIds, row * 16);
      if (this.awaited.has(usageId)) rows.set(usageId, row);
    });
    if (rows.size === 0) return run;
    const { terms, book } = this.options;
    await this.load([...rows.keys()]);
    const arrivals = [...rows].map(([usageId, row]) => {
      const record = this.working.get(usageId)!;
      record.event = recordedEvent(run, row, priceBookVersion, terms, columns);
      return { row, record };
    });
    const changed = applyParked(run, arrivals, book, terms);
    this.pending.add(changed);
    return changed;
  }

  /** Tells that these runs are in PRICED, in the message `pricedSequence`. */
  async stored(runs: readonly PricedRun[], pricedSequence: number): Promise<void> {
    if (!runs.some((run) => run.correction || this.pending.has(run))) {
      if (pricedSequence - this.savedTo >= NOTE_EVERY) await this.save(pricedSequence, noChanges()).catch(() => undefined);
      return;
    }
    const changes = noChanges();
    for (const run of runs) projectCorrections(run, this.options.terms, changes);
    await this.save(pricedSequence, changes);
    for (const { usageId } of changes.parked) this.awaited.add(usageId);
    for (const usageId of changes.arrived) this.awaited.delete(usageId);
    for (const run of runs) this.pending.delete(run);
    if (this.pending.size === 0) this.working.clear();
  }

  private read({ data }: UsageMessage): readonly Correction[] | EnvelopeError {
    try {
      const { generation, partition, corrections } = decodeCorrectionEnvelope(data);
      const { terms } = this.options;
      if (generation === terms.generation && partition === terms.partition) return corrections;
      return new EnvelopeError(`the envelope says generation ${generation}, partition ${partition}, but lies in ${terms.generation}, ${terms.partition}`);
    } catch (error) {
      if (error instanceof EnvelopeError) return error;
      throw error;
    }
  }

  /** The records of these events as of all that was decided, those never corrected from where they were recorded. */
  private async records(usageIds: readonly Uint8Array[], index: IdempotencyIndex): Promise<ReadonlyMap<string, EventRecord>> {
    await this.load(usageIds.map((usageId) => usageIdText(usageId)));
    for (const usageId of usageIds) {
      const record = this.working.get(usageIdText(usageId))!;
      if (record.event === null && record.parked.length === 0) await this.complete(record, usageId, index);
    }
    return this.working;
  }

  private async load(usageIds: readonly string[]): Promise<void> {
    const missing = [...new Set(usageIds)].filter((usageId) => !this.working.has(usageId));
    if (missing.length === 0) return;
    const found = await this.options.ledger.find(missing);
    for (const usageId of missing) this.working.set(usageId, found.get(usageId) ?? emptyRecord());
  }

  private async complete(record: EventRecord, usageId: Uint8Array, index: IdempotencyIndex): Promise<void> {
    const { log, terms, stored } = this.options;
    const indexed = index.positionOf(usageId, 0);
    const position = indexed && { ...fromIndexedSequence(indexed.sequence), row: indexed.row };
    // What an earlier generation recorded has a row.
    if (position?.generation === terms.generation) record.event = await findOriginal(log, position, terms);
    // Nobody had it, and the index still knows everybody.
    if (record.event !== null || (position === null && index.coveredFromUs === 0)) return;
    record.event = await stored.find(usageIdText(usageId));
    record.forgotten = record.event === null && (position !== null || (await stored.completeSinceUs()) > 0);
  }

  private async save(to: number, changes: LedgerChanges): Promise<void> {
    await this.options.ledger.save(this.savedTo, to, changes);
    this.savedTo = to;
  }
}

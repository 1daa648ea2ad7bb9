import { failpoint } from '@ledgerline/failpoints';
import { crc32 } from 'node:zlib';
import { correctionSubject, encodePricedEnvelope, PRICED_SCHEMA, type PricedEnvelope, type PricedRun } from '@ledgerline/contracts';
import { type PriceBook } from '@ledgerline/domain-pricing';
import { type Checkpoint, messageDigest } from '@ledgerline/messaging';
import { type PartitionTerms } from './check-rows.js';
import { CorrectPartition } from './corrections/correct-partition.js';
import { type CorrectionLedger } from './corrections/correction-ledger.js';
import { type StoredEvents } from './corrections/stored-events.js';
import { decideColumns, decideRun, decodeUsage, encodedBound, undecodable, type UsageMessage } from './decide-run.js';
import { type Claimant, type IdempotencyIndex, type IdempotencyIndexes, IndexWriteError } from './idempotency-index.js';
import { LateEvents, olderRows } from './late-events.js';
import { type Ownership } from './ownership.js';
import { type LogState, type PricedLog, type PricedMessage } from './priced-log.js';
import { PricedLogError, readEnvelope, recoverIndex } from './recover-index.js';

export interface PricePartitionOptions {
  terms: PartitionTerms;
  book: PriceBook;
  log: PricedLog;
  indexes: IdempotencyIndexes;
  ledger: CorrectionLedger;
  stored: StoredEvents;
  ownership: Ownership;
  /** unique to this process: tells its own messages from another's */
  writerId: string;
  /** told of every run that is stored */
  onRuns?: (runs: readonly PricedRun[]) => void;
}

/** Another process wrote to this partition's PRICED. Whose it is, the lease says. */
export class AnotherWriterError extends Error {
  constructor(log: string, sequence: number, writerId: string) {
    super(`${log}: message ${sequence} is by another writer, ${writerId}`);
    this.name = 'AnotherWriterError';
  }
}

/** Runs in one PRICED message, and their encoded bytes; a run that is larger alone goes alone. */
const MAX_RUNS = 64;
const MAX_BYTES = 900_000;
const PUBLISH_ATTEMPTS = 6;

/**
 * The worker of one partition: decides USAGE in order and appends the outcomes to PRICED, each exactly once. The last PRICED message is
 * the only record of how far it is; `recover` reads it, `price` goes on behind it.
 */
export class PricePartition {
  private index: IdempotencyIndex | null = null;
  private streamId = '';
  private pricedSequence = 0;
  private sourceTo = 0;

  private readonly corrections: CorrectPartition;
  private readonly late: LateEvents;
  private readonly correctionSubject: string;

  constructor(private readonly options: PricePartitionOptions) {
    this.corrections = new CorrectPartition(options);
    this.late = new LateEvents(options.stored, options.terms);
    this.correctionSubject = correctionSubject(options.terms.generation, options.terms.partition);
  }

  /** Finds the position behind the last PRICED message and brings the index up to it. Gives up whatever was not stored. */
  async recover(): Promise<Checkpoint> {
    const { log, terms, ownership } = this.options;
    await ownership.assertOwned(terms.partition);
    const state = await log.state();
    const last = await log.last();
    if (last === null) await this.refuseLostOutcomes(state.lastSequence);
    await this.recoverIndex(state, last?.sequence ?? 0);
    await this.corrections.recover(last?.sequence ?? 0);
    await failpoint('pricing.after-recover');
    if (last === null) return this.standAt(0, 0, '');
    const envelope = readEnvelope(log, last, terms);
    return this.standAt(last.sequence, envelope.sourceTo, messageDigest(envelope.runs[envelope.runs.length - 1]!.usage));
  }

  /** Decides the messages, which follow the last decided one, and stores the outcomes. After a rejection only `recover` may follow. */
  async price(messages: readonly UsageMessage[], traceparent?: string): Promise<void> {
    if (this.index === null) throw new Error(`${this.options.log.name}: not recovered yet`);
    let runs: PricedRun[] = [];
    let bytes = 0;
    for (const message of messages) {
      const correcting = message.subject === this.correctionSubject;
      // A correction finds its original in PRICED, so that has to be there.
      if (runs.length > 0 && correcting !== (runs[0]!.correction === true)) {
        await this.store(runs, traceparent);
        runs = [];
        bytes = 0;
      }
      const decided = correcting ? this.corrections.decide(message, this.index) : this.decide(message);
      const run = decided instanceof Promise ? await decided : decided;
      const bound = encodedBound(run);
      if (runs.length > 0 && (runs.length === MAX_RUNS || bytes + bound > MAX_BYTES)) {
        await this.store(runs, traceparent);
        runs = [];
        bytes = 0;
      }
      runs.push(run);
      bytes += bound;
    }
    if (runs.length > 0) await this.store(runs, traceparent);
  }

  /** Identities in the index of this partition. */
  get identities(): number {
    return this.index?.size ?? 0;
  }

  /** Lets go of the partition's memory and file; `recover` takes them up again. */
  async release(): Promise<void> {
    const index = this.index;
    this.index = null;
    await index?.close();
  }

  private decide(message: UsageMessage): PricedRun | Promise<PricedRun> {
    const { terms, book } = this.options;
    const index = this.index!;
    if (index.coveredFromUs > 0) return this.decideOlder(message, index);
    const run = decideRun(message, terms, book, (claimant) => index.claim(claimant));
    return this.corrections.anyAwaited ? this.corrections.withParked(run, book.version) : run;
  }

  /** Once the index has given up its oldest identities, events from before its window are looked up in the stored rows. */
  private async decideOlder(message: UsageMessage, index: IdempotencyIndex): Promise<PricedRun> {
    const { terms, book } = this.options;
    const columns = decodeUsage(message.data);
    if ('code' in columns) return undecodable(message, columns);
    const rows = olderRows(columns, index.coveredFromUs);
    const claim = rows.length === 0 ? (claimant: Claimant) => index.claim(claimant) : await this.late.claimFor(columns, rows, index);
    const run = decideColumns(message, columns, terms, book, claim);
    return this.corrections.anyAwaited ? this.corrections.withParked(run, book.version) : run;
  }

  private async store(runs: PricedRun[], traceparent: string | undefined): Promise<void> {
    const envelope: PricedEnvelope = {
      schema: PRICED_SCHEMA,
      generation: this.options.terms.generation,
      partition: this.options.terms.partition,
      sourceFrom: runs[0]!.sourceSequence,
      sourceTo: runs[runs.length - 1]!.sourceSequence,
      previousSourceTo: this.sourceTo,
      writerId: this.options.writerId,
      priceBookVersion: this.options.book.version,
      runs,
    };
    if (envelope.sourceFrom !== this.sourceTo + 1) throw new Error(`USAGE ${envelope.sourceFrom} does not follow ${this.sourceTo}`);
    const bytes = encodePricedEnvelope(envelope);
    await failpoint('pricing.after-decide');
    const sequence = await this.append(envelope, bytes, traceparent);
    await failpoint('pricing.after-publish');
    this.pricedSequence = sequence;
    this.sourceTo = envelope.sourceTo;
    await this.index!.cover({ pricedSequence: sequence, sourceTo: envelope.sourceTo, checksum: crc32(bytes) });
    await this.corrections.stored(runs, sequence);
    await failpoint('pricing.after-cover');
    this.options.onRuns?.(runs);
  }

  /** Appends until it is certain that the message is there once. Without an answer the leader's last message decides. */
  private async append(envelope: PricedEnvelope, bytes: Uint8Array, traceparent: string | undefined): Promise<number> {
    const { log } = this.options;
    let cause: Error | undefined;
    for (let attempt = 0; attempt < PUBLISH_ATTEMPTS; attempt++) {
      const result = await log.append(bytes, this.pricedSequence, traceparent);
      if (result.kind === 'stored') return result.sequence;
      cause = result.cause;
      const last = await log.last();
      const sequence = last?.sequence ?? 0;
      if (sequence === this.pricedSequence) continue;
      if (last !== null && this.isOwn(last, envelope)) return sequence;
      throw new AnotherWriterError(log.name, sequence, last === null ? 'nobody' : readEnvelope(log, last, this.options.terms).writerId);
    }
    throw new Error(`${log.name}: not stored after ${PUBLISH_ATTEMPTS} attempts`, { cause });
  }

  private isOwn(last: PricedMessage, { writerId, sourceFrom, sourceTo }: PricedEnvelope): boolean {
    if (last.sequence !== this.pricedSequence + 1) return false;
    const found = readEnvelope(this.options.log, last, this.options.terms);
    return found.writerId === writerId && found.sourceFrom === sourceFrom && found.sourceTo === sourceTo;
  }

  private async recoverIndex(state: LogState, lastSequence: number): Promise<void> {
    const index = await this.openIndex(state);
    index.rollback();
    try {
      await recoverIndex(this.options.log, index, lastSequence, this.options.terms);
    } catch (error) {
      // The next attempt opens the index anew, from what of it is whole.
      if (error instanceof IndexWriteError) await this.release();
      throw error;
    }
  }

  private async openIndex({ streamId, firstSequence }: LogState): Promise<IdempotencyIndex> {
    if (this.index !== null && (this.streamId !== streamId || this.index.failed)) await this.release();
    this.streamId = streamId;
    this.index ??= await this.options.indexes.open({ partition: this.options.terms.partition, streamId, firstSequence });
    return this.index;
  }

  private standAt(pricedSequence: number, sourceTo: number, digest: string): Checkpoint {
    this.pricedSequence = pricedSequence;
    this.sourceTo = sourceTo;
    // PRICED carries the USAGE message itself, but not its stream's id.
    return { sequence: sourceTo, streamId: '', messageDigest: digest, highestSeen: sourceTo };
  }

  /** Without any outcome, every USAGE message must still be there: otherwise what is missing was decided, and the outcomes are lost. */
  private async refuseLostOutcomes(lastPriced: number): Promise<void> {
    const { log } = this.options;
    if (lastPriced > 0) throw new PricedLogError(log.name, `it is empty, but ${lastPriced} messages were stored in it`);
    const { firstSequence } = await log.usageState();
    if (firstSequence > 1) throw new PricedLogError(log.name, `it is empty, but USAGE begins at ${firstSequence}`);
  }
}

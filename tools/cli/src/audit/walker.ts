import { createHash } from 'node:crypto';
import { correctionSubject, decodePricedEnvelope, Outcome, type PricedEnvelope, type PricedRun, type UsageColumns } from '@ledgerline/contracts';
import { Contradiction, must } from './difference.js';
import { EventAccumulator } from './event-accumulator.js';
import { type PartitionLedger } from './facts.js';
import { checkCounted } from './check-counted.js';
import { type ItemsOfRun, readDeltaRows, readItems } from './read-items.js';
import { addSums, type LedgerSums, noSums } from './sums.js';
import { type PartitionStreams, type StreamMessage } from './walk-partition.js';

const OUTCOMES = Object.keys(Outcome).length + 1;
/** What may become of an event, and of a correction. */
const OF_EVENTS: ReadonlySet<number> = new Set([Outcome.priced, Outcome.unpriced, Outcome.duplicate, Outcome.quarantined, Outcome.late, Outcome.parked]);
const OF_CORRECTIONS: ReadonlySet<number> = new Set([Outcome.applied, Outcome.refused, Outcome.duplicate, Outcome.quarantined, Outcome.parked]);

/** Takes one PRICED message after the other; see walkPartition. Throws a Contradiction at the first that does not fit. */
export class Walker {
  private readonly accumulator = new EventAccumulator();
  private readonly outcomes = Array.from({ length: OUTCOMES }, () => 0n);
  private usageEvents = 0n;
  private corrections = 0n;
  private copies = 0;
  private sourceAfter: number | null;
  private sourceTo: number | null;
  private sequence: number;
  private last: Uint8Array | undefined;

  /** @param usageAt the USAGE message that follows the one given before; the first time, the one of the sequence given */
  constructor(
    private readonly streams: PartitionStreams,
    private readonly usageAt: (sequence: number) => Promise<StreamMessage | undefined>,
  ) {
    this.sequence = streams.after;
    this.sourceAfter = this.sourceTo = streams.sourceAfter;
  }

  async envelope(message: StreamMessage): Promise<void> {
    const where = `partition ${this.streams.partition}, PRICED sequence ${message.sequence}`;
    must('PRICED stream', where, 'sequence', this.sequence + 1, message.sequence);
    this.sequence = message.sequence;
    this.last = message.data;
    const envelope = decode(message, where);
    must('PRICED chain', where, 'generation', this.streams.generation, envelope.generation);
    must('PRICED chain', where, 'partition', this.streams.partition, envelope.partition);
    this.sourceAfter ??= envelope.previousSourceTo;
    let sourceTo = this.sourceTo ?? envelope.previousSourceTo;
    must('PRICED chain', where, 'previous_source_to', sourceTo, envelope.previousSourceTo);
    must('PRICED chain', where, 'source_from', sourceTo + 1, envelope.sourceFrom);
    for (const run of envelope.runs) {
      must('PRICED chain', where, 'source_sequence of the next run', sourceTo + 1, run.sourceSequence);
      await this.run(run);
      sourceTo = run.sourceSequence;
    }
    must('PRICED chain', where, 'source_to', sourceTo, envelope.sourceTo);
    this.sourceTo = sourceTo;
  }

  private async run(run: PricedRun): Promise<void> {
    const where = `partition ${this.streams.partition}, USAGE sequence ${run.sourceSequence}`;
    await this.compareWithUsage(run, where);
    const items = readItems(run, where);
    if (run.correction) this.corrections += BigInt(items.count);
    else this.usageEvents += BigInt(items.count);
    this.countOutcomes(run, items, where);
    if (items.events) this.addEvents(items.events, run, where);
    if (run.deltas) this.addDeltas(run, where);
  }

  /** PRICED must carry the USAGE message byte for byte. One that has been trimmed from USAGE is taken from PRICED alone. */
  private async compareWithUsage(run: PricedRun, where: string): Promise<void> {
    if (run.sourceSequence < this.streams.usageFirst) {
      this.copies++;
      return;
    }
    const message = await this.usageAt(run.sourceSequence);
    must('USAGE stream', where, 'sequence', run.sourceSequence, message?.sequence ?? 'missing');
    must('USAGE message kept in PRICED', where, 'bytes', 'the same', Buffer.compare(message!.data, run.usage) === 0 ? 'the same' : 'others');
    must('USAGE message kept in PRICED', where, 'recorded_at', message!.timestampUs, run.recordedAtUs);
    if (run.undecodable) return;
    const isCorrection = message!.subject === correctionSubject(this.streams.generation, this.streams.partition);
    must('USAGE message kept in PRICED', where, 'correction', String(isCorrection), String(run.correction ?? false));
  }

  private countOutcomes(run: PricedRun, items: ItemsOfRun, where: string): void {
    const what = run.correction ? 'Outcomes of corrections in PRICED' : 'Outcomes of USAGE events in PRICED';
    const possible = run.correction ? OF_CORRECTIONS : OF_EVENTS;
    must(what, where, run.correction ? 'correction_count' : 'event_count', items.count, run.outcomes.length);
    for (const outcome of run.outcomes) {
      if (!possible.has(outcome)) must(what, where, 'outcome', 'a possible one', outcome);
      this.outcomes[outcome]! += 1n;
    }
  }

  private addEvents(columns: UsageColumns, run: PricedRun, where: string): void {
    const counts = (row: number): boolean => run.outcomes[row] === Outcome.priced || run.outcomes[row] === Outcome.unpriced;
    checkCounted(columns, this.streams, counts, `${where}, event`);
    this.accumulator.addEvents(columns, run.outcomes, run.costs, run.sourceSequence);
  }

  private addDeltas(run: PricedRun, where: string): void {
    const { columns, entries } = readDeltaRows(run.deltas!, where);
    checkCounted(columns, this.streams, () => true, `${where}, signed row`);
    this.accumulator.addDeltas(columns, entries, run.sourceSequence, run.outcomes.length);
  }

  result(): { ledger: PartitionLedger; byKey: Map<string, LedgerSums> } {
    const { partition, after, cut } = this.streams;
    must('PRICED stream', `partition ${partition}`, 'last sequence up to the cut', cut, this.sequence);
    const { byKey, rows, originals, rowHash } = this.accumulator.result();
    const counted = noSums();
    for (const sums of byKey.values()) addSums(counted, sums);
    const { usageEvents, corrections, copies, outcomes } = this;
    const [sourceAfter, sourceTo] = [this.sourceAfter ?? 0, this.sourceTo ?? 0];
    const lastDigest = this.last ? digestOf(this.last) : '';
    return { byKey, ledger: { partition, pricedFrom: after + 1, cut, sourceAfter, sourceTo, copies, lastDigest, usageEvents, corrections, outcomes, counted, rows, originals, rowHash } };
  }
}

function decode(message: StreamMessage, where: string): PricedEnvelope {
  try {
    return decodePricedEnvelope(message.data);
  } catch (error) {
    throw new Contradiction({ what: 'PRICED stream', where, field: 'envelope', expected: 'readable', found: (error as Error).message });
  }
}

/** SHA-256 of a PRICED message: whether it is still the one that a baseline was sealed with. */
export const digestOf = (data: Uint8Array): string => createHash('sha256').update(data).digest('base64url');

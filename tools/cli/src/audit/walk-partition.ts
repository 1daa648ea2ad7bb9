import { decodePricedEnvelope, decodeUsageEnvelope, EnvelopeError, partitionOf, Outcome, type PricedEnvelope, type PricedRun, type UsageColumns, usageIdText } from '@ledgerline/contracts';
import { writeUsageId } from '@ledgerline/domain-metering';
import { type SipKey } from '@ledgerline/kernel';
import { type Difference } from './difference.js';
import { EventAccumulator } from './event-accumulator.js';
import { type PartitionLedger } from './facts.js';
import { addSums, type LedgerSums, noSums } from './sums.js';

/** A message of a stream, as it lies there. */
export interface StreamMessage {
  readonly sequence: number;
  /** The broker's time, microseconds since the epoch. */
  readonly timestampUs: number;
  readonly data: Uint8Array;
}

/** A partition's two streams, each in order from the beginning; PRICED ends at the cut. */
export interface PartitionStreams {
  readonly generation: number;
  readonly partition: number;
  readonly partitions: number;
  readonly cut: number;
  /** With it, the usage_id of every event that counts is computed anew from its identity. */
  readonly key?: SipKey;
  readonly priced: AsyncIterable<StreamMessage>;
  readonly usage: AsyncIterable<StreamMessage>;
  /** Called now and then with the PRICED sequence reached. */
  readonly onProgress?: (sequence: number) => void;
}

/** A partition's ledger; or the first place where the two streams contradict each other. */
export type Walk =
  | { readonly ok: true; readonly ledger: PartitionLedger; readonly byKey: Map<string, LedgerSums> }
  | { readonly ok: false; readonly difference: Difference };

class Contradiction extends Error {
  constructor(readonly difference: Difference) {
    super(difference.what);
  }
}

/**
 * Walks PRICED up to the cut, with USAGE beside it: the chain must not have a gap, every run must carry its USAGE
 * message byte for byte, and what counts is added up from USAGE decoded anew.
 */
export async function walkPartition(streams: PartitionStreams): Promise<Walk> {
  const usage = streams.usage[Symbol.asyncIterator]();
  const walker = new Walker(streams, async () => (await usage.next()).value as StreamMessage | undefined);
  try {
    for await (const message of streams.priced) {
      await walker.envelope(message);
      streams.onProgress?.(message.sequence);
    }
    return { ok: true, ...walker.result() };
  } catch (error) {
    if (error instanceof Contradiction) return { ok: false, difference: error.difference };
    throw error;
  } finally {
    await usage.return?.();
  }
}

class Walker {
  private readonly accumulator = new EventAccumulator();
  private readonly outcomes = Array.from({ length: Object.keys(Outcome).length + 1 }, () => 0n);
  private readonly usageId = new Uint8Array(16);
  private usageEvents = 0n;
  private sourceTo = 0;
  private sequence = 0;

  constructor(
    private readonly streams: PartitionStreams,
    private readonly nextUsage: () => Promise<StreamMessage | undefined>,
  ) {}

  async envelope(message: StreamMessage): Promise<void> {
    const where = `partition ${this.streams.partition}, PRICED sequence ${message.sequence}`;
    this.must('PRICED stream', where, 'sequence', this.sequence + 1, message.sequence);
    this.sequence = message.sequence;
    const envelope = this.decode(message, where);
    this.must('PRICED chain', where, 'generation', this.streams.generation, envelope.generation);
    this.must('PRICED chain', where, 'partition', this.streams.partition, envelope.partition);
    this.must('PRICED chain', where, 'previous_source_to', this.sourceTo, envelope.previousSourceTo);
    this.must('PRICED chain', where, 'source_from', this.sourceTo + 1, envelope.sourceFrom);
    for (const run of envelope.runs) {
      this.must('PRICED chain', where, 'source_sequence of the next run', this.sourceTo + 1, run.sourceSequence);
      await this.run(run);
      this.sourceTo = run.sourceSequence;
    }
    this.must('PRICED chain', where, 'source_to', this.sourceTo, envelope.sourceTo);
  }

  private decode(message: StreamMessage, where: string): PricedEnvelope {
    try {
      return decodePricedEnvelope(message.data);
    } catch (error) {
      throw new Contradiction({ what: 'PRICED stream', where, field: 'envelope', expected: 'readable', found: (error as Error).message });
    }
  }

  private async run(run: PricedRun): Promise<void> {
    const where = `partition ${this.streams.partition}, USAGE sequence ${run.sourceSequence}`;
    const message = await this.nextUsage();
    this.must('USAGE stream', where, 'sequence', run.sourceSequence, message?.sequence ?? 'missing');
    this.must('USAGE message kept in PRICED', where, 'bytes', 'the same', Buffer.compare(message!.data, run.usage) === 0 ? 'the same' : 'others');
    this.must('USAGE message kept in PRICED', where, 'recorded_at', message!.timestampUs, run.recordedAtUs);
    const columns = run.undecodable ? undefined : this.columns(message!.data, where);
    const events = columns?.count ?? 1;
    this.usageEvents += BigInt(events);
    this.must('Outcomes of USAGE events in PRICED', where, 'event_count', events, run.outcomes.length);
    for (const outcome of run.outcomes) {
      if (outcome < 1 || outcome >= this.outcomes.length) this.must('Outcomes of USAGE events in PRICED', where, 'outcome', 'a known one', outcome);
      this.outcomes[outcome]! += 1n;
    }
    if (!columns) return;
    this.checkIdentities(columns, run, where);
    this.accumulator.add(columns, run.outcomes, run.costs);
  }

  private columns(data: Uint8Array, where: string): UsageColumns {
    try {
      return decodeUsageEnvelope(data);
    } catch (error) {
      if (!(error instanceof EnvelopeError)) throw error;
      throw new Contradiction({ what: 'USAGE message', where, field: 'undecodable', expected: 'true', found: `false (${error.message})` });
    }
  }

  /** An event that counts carries the usage_id of its identity and lies in the partition that names; elsewhere it could count twice. */
  private checkIdentities(columns: UsageColumns, run: PricedRun, where: string): void {
    const { key, partition, partitions } = this.streams;
    for (let row = 0; row < columns.count; row++) {
      if (run.outcomes[row] !== Outcome.priced && run.outcomes[row] !== Outcome.unpriced) continue;
      const named = partitionOf(columns.usageIds, row * 16, partitions);
      if (named !== partition) this.must('Counted event', `${where}, event ${row}`, 'partition', named, partition);
      if (key) this.checkUsageId(key, columns, row, where);
    }
  }

  private checkUsageId(key: SipKey, { dictionary, customer, source, ids, usageIds }: UsageColumns, row: number, where: string): void {
    writeUsageId(key, dictionary[customer[row]!]!, dictionary[source[row]!]!, ids[row]!, this.usageId);
    for (let byte = 0; byte < 16; byte++) {
      if (this.usageId[byte] === usageIds[row * 16 + byte]) continue;
      this.must('Counted event', `${where}, event ${row}`, 'usage_id', usageIdText(this.usageId), usageIdText(usageIds, row * 16));
    }
  }

  result(): { ledger: PartitionLedger; byKey: Map<string, LedgerSums> } {
    const { partition, cut } = this.streams;
    this.must('PRICED stream', `partition ${partition}`, 'last sequence up to the cut', cut, this.sequence);
    const byKey = this.accumulator.sumsByKey();
    const counted = noSums();
    for (const sums of byKey.values()) addSums(counted, sums);
    const { usageEvents, outcomes, sourceTo } = this;
    return { byKey, ledger: { partition, cut, sourceTo, usageEvents, outcomes, counted, idHash: this.accumulator.idHash } };
  }

  private must(what: string, where: string, field: string, expected: string | number, found: string | number): void {
    if (expected !== found) throw new Contradiction({ what, where, field, expected: String(expected), found: String(found) });
  }
}

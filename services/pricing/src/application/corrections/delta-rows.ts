import { type Delta, type DeltaKind, type Deltas, MAX_CORRECTIONS, Outcome, readUsageRow, setUsage, UsageEnvelopeBuilder, UsageRow } from '@ledgerline/contracts';
import { type NetEvent } from '@ledgerline/domain-pricing';
import { type CountedEvent, fieldsOf } from './event-record.js';

/** Bytes of signed rows in one run; with the rest of it they fit a PRICED message. */
const MAX_DELTA_BYTES = 500_000;
const ENTRY_BYTES = 360;

/**
 * Collects the signed rows of one run: what takes an event from one state to the next.
 *
 * Metadata stays with the row that was recorded: it is not a thing to add up, and two copies for each correction would not fit.
 */
export class DeltaRows {
  private readonly entries: Delta[] = [];
  private builder: UsageEnvelopeBuilder | null = null;
  private readonly row = new UsageRow();

  constructor(
    private readonly generation: number,
    private readonly partition: number,
  ) {}

  /** Whether the rows of one more correction of this event find room. */
  fits(event: CountedEvent): boolean {
    const rowBytes = UsageEnvelopeBuilder.rowBound(this.fill(event));
    return this.bytes + 2 * (rowBytes + ENTRY_BYTES) <= MAX_DELTA_BYTES;
  }

  /** Takes back what the event was and, unless it is void now, states what it is. @param before null: nothing was counted */
  change(before: CountedEvent | null, after: CountedEvent, kind: DeltaKind, correctionId: string): void {
    if (before !== null) this.append(before, kind, correctionId, true);
    if (!after.net.voided) this.append(after, kind, correctionId, false);
  }

  /** undefined when nothing changed. */
  finish(): Deltas | undefined {
    return this.builder === null ? undefined : { rows: this.builder.finish(), entries: this.entries };
  }

  private get bytes(): number {
    return (this.builder?.byteBound ?? 0) + this.entries.length * ENTRY_BYTES;
  }

  private append(event: CountedEvent, kind: DeltaKind, correctionId: string, retracts: boolean): void {
    this.builder ??= new UsageEnvelopeBuilder(this.generation, this.partition, 2 * MAX_CORRECTIONS);
    this.builder.append(this.fill(event), fieldsOf(event).usageIds, 0);
    this.entries.push(entryOf(event.net, kind, correctionId, retracts));
  }

  private fill(event: CountedEvent): UsageRow {
    return netRow(event, this.row);
  }
}

/** The event's fields with its present quantities and status, without metadata. */
export function netRow(event: CountedEvent, into = new UsageRow()): UsageRow {
  readUsageRow(fieldsOf(event), 0, into);
  into.requestMetadata = '';
  into.responseMetadata = '';
  into.status = event.net.status === 'error' ? 1 : 0;
  setUsage(into, event.net.usage);
  return into;
}

function entryOf({ version, costPico, priceBookVersion }: NetEvent, kind: DeltaKind, correctionId: string, retracts: boolean): Delta {
  const cost = costPico ?? 0n;
  return {
    kind,
    retracts,
    version,
    correctionId,
    outcome: costPico === null ? Outcome.unpriced : Outcome.priced,
    costPicoUsd: retracts ? -cost : cost,
    priceBookVersion,
  };
}

import { type Clock } from '@ledgerline/kernel';
import { type PartitionBatch, type StoredMessage } from '@ledgerline/messaging';
import { type Difference, type LogPartition, Positions, type PricedHistory, type RebuiltProjection, type Settlement } from '@ledgerline/rebuild';
import { type CheckpointMove } from './ports.js';
import { type UsageTally } from './usage-tally.js';

/** The sums beside those in use, and those in use. */
export interface SumsBeside {
  /** Makes the new sums, empty. */
  create(): Promise<void>;
  drop(): Promise<void>;
  add(tally: UsageTally): Promise<void>;
  /** How far the sums in use are counted: PRICED, in the current generation. */
  counted(): Promise<Positions>;
  /** Waits until no batch is between its sums and its commit, and keeps new ones out until the end; one transaction. */
  hold<T>(work: (held: HeldSums) => Promise<T>): Promise<T>;
}

/** The sums in use, standing still. */
export interface HeldSums {
  counted(): Promise<Positions>;
  differences(): Promise<Difference[]>;
  /** Makes the sums in use what the new ones are, and decides the windows that this moves. A crossing that was announced stays announced. */
  takeOver(decidedAtUs: number): Promise<void>;
  /** Says that the sums in use are counted up to here in a generation, whatever was said before. */
  standAt(generation: number, counted: ReadonlyMap<number, { sequence: number; sourceSequence: number }>): Promise<void>;
  /** Puts what stands in every window, and every customer, into the outbox again. Their readers know what they have read. */
  announceAgain(decidedAtUs: number): Promise<void>;
}

/** Adds up messages, as the service does that counts them. */
export type ReadBatch = (
  batch: PartitionBatch,
  generation: number,
  counted: ReadonlyMap<number, { sequence: number; sourceSequence: number }>,
) => { readonly tally: UsageTally; readonly moves: readonly CheckpointMove[] };

export interface RebuildSumsOptions {
  readonly history: PricedHistory;
  readonly sums: SumsBeside;
  readonly read: ReadBatch;
  readonly clock: Clock;
  /** the current one; earlier ones are counted whole */
  readonly generation: number;
  /** The current generation is new: it is counted to its end as well, and what was announced is announced again, since the broker may have lost that too. */
  readonly opening?: boolean;
}

/**
 * Counts all usage a second time into sums beside those in use, up to exactly where those stand: sums do not say which events are in them.
 *
 * The new ones do not replace the old: the rows that differ are corrected, in one transaction that no batch can overlap. Two that agree
 * need no switch, and rows keep their ids, which the running copies remember.
 */
export class RebuildSums implements RebuiltProjection {
  private readonly counted = new Map<number, Map<number, { sequence: number; sourceSequence: number }>>();

  constructor(private readonly options: RebuildSumsOptions) {}

  begin(): Promise<void> {
    return this.options.sums.create();
  }

  async target(): Promise<Positions> {
    return this.upTo(await this.options.sums.counted());
  }

  async add({ generation, partition }: LogPartition, messages: readonly StoredMessage[]): Promise<void> {
    const { read, sums } = this.options;
    const counted = this.countedIn(generation);
    const head = { sequence: messages.at(-1)!.sequence, streamId: '', messageDigest: '', highestSeen: 0 };
    const batch = { unit: null, messages: messages.map((message) => ({ partition, ...message })), epochs: new Map(), heads: new Map([[partition, head]]) };
    const { tally, moves } = read(batch, generation, counted);
    if (tally.rowCount > 0) await sums.add(tally);
    for (const { sequence, sourceSequence } of moves) counted.set(partition, { sequence, sourceSequence });
  }

  async settle(accept: boolean, catchUp: (to: Positions) => Promise<void>): Promise<Settlement> {
    const { sums, clock, opening } = this.options;
    const settlement = await sums.hold(async (held): Promise<Settlement> => {
      await catchUp(await this.upTo(await held.counted()));
      const differences = await held.differences();
      if (differences.length > 0 && !accept) return { switched: false, differences };
      if (differences.length > 0) await held.takeOver(clock.nowMs() * 1000);
      if (opening) {
        // Closed generations too: a copy that still counts one finds that somebody else has.
        for (const [generation, counted] of this.counted) await held.standAt(generation, counted);
        await held.announceAgain(clock.nowMs() * 1000);
      }
      return { switched: true, differences };
    });
    if (settlement.switched) await sums.drop();
    return settlement;
  }

  discard(): Promise<void> {
    return this.options.sums.drop();
  }

  private countedIn(generation: number): Map<number, { sequence: number; sourceSequence: number }> {
    const counted = this.counted.get(generation) ?? new Map<number, { sequence: number; sourceSequence: number }>();
    this.counted.set(generation, counted);
    return counted;
  }

  private async upTo(counted: Positions): Promise<Positions> {
    const { history, generation, opening } = this.options;
    const ends = await history.ends();
    if (opening) return ends;
    return Positions.from(ends.entries().map(({ of, sequence }) => ({ ...of, sequence: of.generation === generation ? counted.get(of) : sequence })));
  }
}

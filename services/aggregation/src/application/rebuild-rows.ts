import { type StoredMessage } from '@ledgerline/messaging';
import { type Difference, type LogPartition, type Positions, type PricedHistory, type RebuiltProjection, type Settlement } from '@ledgerline/rebuild';
import { insertMessages } from './insert-messages.js';
import { type UsageStore } from './ports.js';

/** By partition of the current generation, USAGE sequences. What is said of no partition is said of all its rows. */
export type SourceSequences = ReadonlyMap<number, number>;

/** Rows of the current generation behind `after` and up to `upTo`; with `after`, none of earlier generations. */
export interface RowsCompared {
  readonly after?: SourceSequences;
  readonly upTo: SourceSequences;
}

/** The tables in use and those beside them. */
export interface BesideTables {
  /** Makes the new tables, empty, as those in use are. */
  create(): Promise<void>;
  differences(rows: RowsCompared): Promise<Difference[]>;
  /** Puts the new tables in the place of those in use, while no sink's insert runs. @param keep the old ones stay under another name */
  exchange(keep: boolean): Promise<void>;
  drop(): Promise<void>;
}

/** Where the sinks write down what they are about to insert. */
export interface SinkLedger {
  /** What is in the tables in use for certain. */
  progress(): Promise<SourceSequences>;
  /** Lets no sink begin another range until `work` has ended. */
  hold<T>(work: () => Promise<T>): Promise<T>;
}

export interface RebuildRowsOptions {
  readonly history: PricedHistory;
  /** Writes to the new tables. */
  readonly store: UsageStore;
  readonly tables: BesideTables;
  readonly ledger: SinkLedger;
  /** Keep the old tables also when they were right. */
  readonly keepOld: boolean;
}

/**
 * Builds the rows a second time, by the sinks' own rules.
 *
 * The new tables may run ahead of those in use, since every row carries its source position. They must not fall behind: an insert that is
 * under way while the tables are exchanged may land in the old one. So the sinks are held, the new tables are brought to the end of the log,
 * which is behind whatever is under way, and only then exchanged; the insert, sent again, finds its rows there.
 */
export class RebuildRows implements RebuiltProjection {
  private readonly sources = new Map<string, number>();

  constructor(private readonly options: RebuildRowsOptions) {}

  begin(): Promise<void> {
    return this.options.tables.create();
  }

  target(): Promise<Positions> {
    return this.options.history.ends();
  }

  async add({ generation, partition }: LogPartition, messages: readonly StoredMessage[]): Promise<void> {
    const key = `${generation}/${partition}`;
    this.sources.set(key, await insertMessages(this.options.store, partition, partition, messages, this.sources.get(key) ?? 0));
  }

  async settle(accept: boolean, catchUp: (to: Positions) => Promise<void>): Promise<Settlement> {
    const { tables, ledger, keepOld } = this.options;
    const compared = await ledger.progress();
    await catchUp(await this.target());
    const differences = accept ? [] : await tables.differences({ upTo: compared });
    if (differences.length > 0) return { switched: false, differences };
    return ledger.hold(async () => {
      await catchUp(await this.target());
      const since = accept ? [] : await tables.differences({ after: compared, upTo: await ledger.progress() });
      if (since.length > 0) return { switched: false, differences: since };
      await tables.exchange(accept || keepOld);
      return { switched: true, differences: [] };
    });
  }

  discard(): Promise<void> {
    return this.options.tables.drop();
  }
}

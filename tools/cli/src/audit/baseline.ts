import { type LedgerSums } from './sums.js';

/** Where a baseline stands in one partition, and what lay before. */
export interface SealedPosition {
  readonly partition: number;
  readonly pricedSequence: number;
  readonly sourceSequence: number;
  /** When the PRICED stream was made, in the broker's words: another one is another log. */
  readonly streamId: string;
  /** Of the message at `pricedSequence`; '' when nothing was there yet. */
  readonly messageDigest: string;
  readonly usageEvents: bigint;
  readonly corrections: bigint;
  /** Index = Outcome. */
  readonly outcomes: readonly bigint[];
}

/** What an audit that found no difference proved, kept so that the next one walks only what came after. */
export interface Baseline {
  /** Counts up with every sealing: only who has read a baseline may replace it. */
  readonly number: number;
  readonly sealedAtUs: number;
  /** Whether it is that of a closed generation as a whole: nothing can come after it. */
  readonly closed: boolean;
  readonly positions: ReadonlyMap<number, SealedPosition>;
  /** Net sums from the beginning of the generation up to the positions, by key. */
  readonly byKey: ReadonlyMap<string, LedgerSums>;
}

/** What a run has proved beyond a baseline. */
export interface NewSeal {
  /** The number of the baseline that was read; 0 when there was none. */
  readonly replaces: number;
  readonly positions: readonly SealedPosition[];
  /** Sums from the beginning, of the keys that changed; all keys when `whole`. */
  readonly byKey: ReadonlyMap<string, LedgerSums>;
  readonly whole: boolean;
  /** See Baseline. */
  readonly closed: boolean;
}

/** Keeps one baseline for each generation. */
export interface BaselineStore {
  load(): Promise<Baseline | undefined>;
  /** Replaces the baseline in one transaction. False: somebody else has sealed in the meantime, and nothing was changed. */
  seal(seal: NewSeal): Promise<boolean>;
}

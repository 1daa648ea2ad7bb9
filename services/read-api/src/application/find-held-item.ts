import { type HeldPosition } from '@ledgerline/contracts';
import { type HeldItemView, type QuarantineReader } from './quarantine-reader.js';
import { NotVisibleYetError, type Visibility } from './visibility.js';

export interface LogPartitions {
  readonly generation: number;
  readonly partitions: number;
}

/** One item that was held back, with what was acknowledged about it before: whoever has just discarded it sees it discarded. */
export class FindHeldItem {
  constructor(
    private readonly reader: QuarantineReader,
    private readonly visibility: Visibility,
    private readonly log: LogPartitions,
  ) {}

  /** @returns null when there is none @throws NotVisibleYetError, StoreUnavailableError */
  async find(position: HeldPosition): Promise<HeldItemView | null> {
    const written = position.generation === this.log.generation && position.partition < this.log.partitions;
    const late = written ? await this.visibility.caughtUp([position.partition]).then(() => null, tooLate) : null;
    const item = await this.reader.find(position);
    // What is there can be shown however far the rest of the partition is; only its absence cannot be told yet.
    if (item === null && late !== null) throw late;
    return item;
  }
}

function tooLate(error: unknown): NotVisibleYetError {
  if (error instanceof NotVisibleYetError) return error;
  throw error;
}

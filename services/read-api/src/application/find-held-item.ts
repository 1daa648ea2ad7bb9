import { type HeldPosition } from '@ledgerline/contracts';
import { type HeldItemView, type QuarantineReader } from './quarantine-reader.js';
import { type ReadOwnWrites } from './read-own-writes.js';

/** One item that was held back, with what was acknowledged about it before: whoever has just discarded it sees it discarded. */
export class FindHeldItem {
  constructor(
    private readonly reader: QuarantineReader,
    private readonly ownWrites: ReadOwnWrites,
    private readonly generation: number,
  ) {}

  /** @returns null when there is none @throws NotVisibleYetError, StoreUnavailableError */
  find(position: HeldPosition): Promise<HeldItemView | null> {
    const read = () => this.reader.find(position);
    // Nothing is written to a generation that is closed.
    return position.generation === this.generation ? this.ownWrites.readPartition(position.partition, read) : read();
  }
}

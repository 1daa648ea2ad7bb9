import { type StoredMessage } from '@ledgerline/messaging';
import { type LogPartition, type Positions } from './positions.js';

/** All of PRICED that was ever stored and is still kept somewhere: what every projection can be built from. */
export interface PricedHistory {
  /** Where every partition of every generation ends at this moment. */
  ends(): Promise<Positions>;
  /** The messages [from..to] of a partition, in order, all of them. @throws HistoryGoneError when the first ones are kept nowhere */
  read(of: LogPartition, from: number, to: number): AsyncIterable<StoredMessage>;
}

/** Messages that a projection is made of are kept nowhere any more. */
export class HistoryGoneError extends Error {
  constructor({ generation, partition }: LogPartition, from: number, first: number) {
    super(`PRICED of generation ${generation}, partition ${partition} begins at ${first}, but messages from ${from} are needed`);
    this.name = 'HistoryGoneError';
  }
}

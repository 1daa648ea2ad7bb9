import { type PricedHistory } from '@ledgerline/rebuild';
import { type LogState, type PricedMessage, type PricedReader, type ReplayableLog } from '../application/priced-log.js';

/** A partition's PRICED from its beginning: what was trimmed comes from wherever the history has it. */
export class HistoryLog implements ReplayableLog {
  readonly name: string;

  /** @param log of the same partition, as the broker has it @param onRead told of every message */
  constructor(
    private readonly history: PricedHistory,
    private readonly log: ReplayableLog,
    private readonly of: { readonly generation: number; readonly partition: number },
    private readonly onRead: () => void,
  ) {
    this.name = log.name;
  }

  async state(): Promise<LogState> {
    return { ...(await this.log.state()), firstSequence: 1 };
  }

  async at(sequence: number): Promise<PricedMessage | null> {
    for await (const message of this.history.read(this.of, sequence, sequence)) return message;
    return null;
  }

  range(from: number, to: number): AsyncIterable<PricedMessage> {
    return this.read(this.of.generation, from, to);
  }

  async closed(generation: number, partitions: number): Promise<PricedReader> {
    const closed = await this.log.closed(generation, partitions);
    return {
      name: closed.name,
      state: async () => ({ ...(await closed.state()), firstSequence: 1 }),
      range: (from, to) => this.read(generation, from, to),
    };
  }

  private async *read(generation: number, from: number, to: number): AsyncIterable<PricedMessage> {
    for await (const message of this.history.read({ ...this.of, generation }, from, to)) {
      yield message;
      this.onRead();
    }
  }
}

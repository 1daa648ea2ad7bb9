import { jetstream, JetStreamApiError, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, readRange, type StoredMessage, streamInfo, streamOf, type StreamState } from '@ledgerline/messaging';
import { HistoryGoneError, type PricedHistory } from './priced-history.js';
import { type LogPartition, Positions } from './positions.js';

/** PRICED as the broker has it, of every generation up to the current one. */
export class LogHistory implements PricedHistory {
  constructor(
    private readonly nc: NatsConnection,
    /** the current one */
    private readonly generation: number,
  ) {}

  async ends(): Promise<Positions> {
    const jsm = await this.manager();
    const ends = new Positions();
    for (let generation = 1; generation <= this.generation; generation++) {
      for (let partition = 0; ; partition++) {
        const state = await stateOf(jsm, { generation, partition });
        if (state === null) break;
        ends.set({ generation, partition }, state.lastSequence);
      }
    }
    return ends;
  }

  async *read(of: LogPartition, from: number, to: number): AsyncIterable<StoredMessage> {
    if (from > to) return;
    const first = await this.first(of);
    if (first > from) throw new HistoryGoneError(of, from, first);
    yield* readRange(jetstream(this.nc), streamOf('PRICED', of.generation, of.partition).stream, from, to);
  }

  /** The first message that is still there; 1 when none was ever trimmed. */
  async first({ generation, partition }: LogPartition): Promise<number> {
    return (await streamInfo(await this.manager(), streamOf('PRICED', generation, partition).stream)).firstSequence;
  }

  private manager(): Promise<JetStreamManager> {
    return jetstreamManager(this.nc, { checkAPI: false });
  }
}

async function stateOf(jsm: JetStreamManager, { generation, partition }: LogPartition): Promise<StreamState | null> {
  try {
    return await streamInfo(jsm, streamOf('PRICED', generation, partition).stream);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.status === 404) return null;
    throw error;
  }
}

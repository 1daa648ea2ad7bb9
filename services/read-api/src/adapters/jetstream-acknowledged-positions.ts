import { jetstreamManager } from '@nats-io/jetstream';
import { usageStream } from '@ledgerline/contracts';
import { type NatsConnection, streamInfo } from '@ledgerline/messaging';
import { type AcknowledgedPositions } from '../application/ports.js';
import { SharedFetch } from '../application/shared-fetch.js';

/** The USAGE streams' last sequences, from their leaders. */
export class JetStreamAcknowledgedPositions implements AcknowledgedPositions {
  private readonly fetches = new Map<number, SharedFetch<number>>();

  constructor(
    private readonly nats: NatsConnection,
    private readonly generation: number,
  ) {}

  last(partition: number): Promise<number> {
    let fetch = this.fetches.get(partition);
    if (fetch === undefined) this.fetches.set(partition, (fetch = new SharedFetch(() => this.fetch(partition))));
    return fetch.get();
  }

  private async fetch(partition: number): Promise<number> {
    if (this.nats.isClosed()) throw new Error('NATS is not connected');
    const jsm = await jetstreamManager(this.nats, { checkAPI: false, timeout: 2_000 });
    return (await streamInfo(jsm, usageStream(this.generation, partition))).lastSequence;
  }
}

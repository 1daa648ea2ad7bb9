import { type OnApplicationShutdown } from '@nestjs/common';
import { connectNats, ensureStreams, type NatsConnection } from '@ledgerline/messaging';
import { type QuotaConfig } from '../config.js';

/** The connection to NATS; closed when everything that uses it has stopped. */
export class Broker implements OnApplicationShutdown {
  private constructor(readonly nc: NatsConnection) {}

  /** Connects, and makes the streams that this service reads and writes where they are missing. */
  static async connect(config: QuotaConfig): Promise<Broker> {
    const nc = await connectNats(config.NATS_URL, `ledgerline-quota/${config.INSTANCE_ID}`);
    await ensureStreams(nc, {
      generation: config.GENERATION,
      partitions: config.PARTITIONS,
      maxBytes: config.STREAM_MAX_BYTES,
      kinds: ['PRICED', 'QUOTA'],
    });
    return new Broker(nc);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.nc.close();
  }
}

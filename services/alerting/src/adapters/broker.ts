import { type OnApplicationShutdown } from '@nestjs/common';
import { connectNats, ensureStreams, type NatsConnection } from '@ledgerline/messaging';
import { type AlertingConfig } from '../config.js';

/** The connection to NATS; closed when everything that uses it has stopped. */
export class Broker implements OnApplicationShutdown {
  private constructor(readonly nc: NatsConnection) {}

  /** Connects, and makes the QUOTA stream where it is missing. */
  static async connect(config: AlertingConfig): Promise<Broker> {
    const nc = await connectNats(config.NATS_URL, `ledgerline-alerting/${config.INSTANCE_ID}`);
    await ensureStreams(nc, { generation: 1, partitions: 1, maxBytes: config.STREAM_MAX_BYTES, kinds: ['QUOTA'] });
    return new Broker(nc);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.nc.close();
  }
}

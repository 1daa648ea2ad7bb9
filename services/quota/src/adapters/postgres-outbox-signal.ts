import { type Pool, type PoolClient } from 'pg';
import { OUTBOX_CHANNEL } from './postgres-outbox.js';

const RECONNECT_MS = 500;

/** Hears of commits of any copy that left something in the outbox. Notices lost while the connection is away are made up for by the worker's poll. */
export class PostgresOutboxSignal {
  private client: PoolClient | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly pool: Pool,
    private readonly onNotice: () => void,
  ) {}

  async start(): Promise<void> {
    try {
      const client = await this.pool.connect();
      this.client = client;
      client.on('notification', this.onNotice);
      client.once('error', () => this.reconnect(client));
      await client.query(`listen ${OUTBOX_CHANNEL}`);
      this.onNotice();
    } catch {
      this.reconnect(this.client);
    }
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.release();
  }

  private reconnect(failed: PoolClient | undefined): void {
    if (this.stopped || failed !== this.client) return;
    this.release();
    this.timer = setTimeout(() => void this.start(), RECONNECT_MS);
  }

  /** A listening connection is closed, never given back to others. */
  private release(): void {
    const client = this.client;
    this.client = undefined;
    client?.removeListener('notification', this.onNotice);
    client?.release(true);
  }
}

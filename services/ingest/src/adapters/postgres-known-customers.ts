import { type Pool } from 'pg';
import { type Logger } from 'pino';
import { type KnownCustomers } from '../application/known-customers.js';

const POLL_MS = 1_000;

/** The customers that the accounts service publishes, kept in memory: a request asks no database. */
export class PostgresKnownCustomers implements KnownCustomers {
  private known: ReadonlySet<string> | null = null;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly pool: Pool,
    private readonly logger: Logger,
  ) {}

  has(customerId: string): boolean {
    return this.known?.has(customerId) ?? false;
  }

  /** True once a list was read; before that no event can be judged. */
  get loaded(): boolean {
    return this.known !== null;
  }

  async start(): Promise<void> {
    try {
      const { rows } = await this.pool.query<{ customer_id: string }>('SELECT customer_id FROM accounts.published_customers');
      this.known = new Set(rows.map((row) => row.customer_id));
    } catch (error) {
      if (!this.stopped) this.logger.warn({ err: error }, 'the list of customers cannot be read; the last one stays in force');
    }
    if (this.stopped) return;
    this.timer = setTimeout(() => void this.start(), POLL_MS).unref();
  }

  /** Nest calls it when the service stops. */
  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.pool.end();
  }
}

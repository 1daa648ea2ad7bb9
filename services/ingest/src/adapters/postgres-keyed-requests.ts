import { createKysely, migrate, type Migration } from '@ledgerline/postgres';
import { sql } from 'kysely';
import { type Pool } from 'pg';
import { type Logger } from 'pino';
import { KeyReusedError, type KeyedRequests, KeysUnavailableError, type RequestKey } from '../application/keyed-requests.js';

const createTable: Migration = {
  up: async (db) => {
    await sql`
      create table ingest.keyed_requests (
        customer_id text collate "C" not null,
        source text collate "C" not null,
        idempotency_key text collate "C" not null,
        digest text not null,
        first_time_us bigint not null,
        created_at timestamptz not null default now(),
        primary key (customer_id, source, idempotency_key)
      )`.execute(db);
    await sql`create index keyed_requests_created_at on ingest.keyed_requests (created_at)`.execute(db);
  },
};

/** The update changes nothing: it makes a repeat wait for the first, and answers what that one wrote. */
const NOTE = `
  insert into ingest.keyed_requests (customer_id, source, idempotency_key, digest, first_time_us) values ($1, $2, $3, $4, $5)
  on conflict (customer_id, source, idempotency_key) do update set idempotency_key = excluded.idempotency_key
  returning digest, first_time_us`;
/** As long as pricing's index tells a repeat from a new event unless configured otherwise. */
const FORGET = "delete from ingest.keyed_requests where created_at < now() - interval '35 days'";
const FORGET_EVERY_MS = 60 * 60 * 1_000;

/** Postgres is not needed to take events, so the table is made when it is first asked for. */
export class PostgresKeyedRequests implements KeyedRequests {
  private migrated: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly logger: Logger,
  ) {}

  async firstTimeUs({ customerId, source, key }: RequestKey, digest: string, nowUs: number): Promise<number> {
    const first = await this.note([customerId, source, key, digest, nowUs]).catch((error: unknown) => {
      throw new KeysUnavailableError(error);
    });
    if (first.digest !== digest) throw new KeyReusedError();
    return Number(first.first_time_us);
  }

  /** Nest calls it when the service stops. */
  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async note(values: readonly unknown[]): Promise<{ digest: string; first_time_us: number }> {
    await (this.migrated ??= this.prepare());
    const { rows } = await this.pool.query<{ digest: string; first_time_us: number }>(NOTE, [...values]);
    return rows[0]!;
  }

  private async prepare(): Promise<void> {
    try {
      await migrate(createKysely<unknown>(this.pool), { schema: 'ingest', migrations: { '0001_create_keyed_requests': createTable } });
    } catch (error) {
      this.migrated = undefined;
      throw error;
    }
    this.timer ??= setInterval(() => void this.pool.query(FORGET).catch((error: unknown) => this.logger.warn({ err: error }, 'old Idempotency-Keys could not be removed')), FORGET_EVERY_MS).unref();
  }
}

import { fenceLease } from '@ledgerline/postgres';
import { QUOTA_STREAM } from '@ledgerline/contracts';
import { type Kysely, sql } from 'kysely';
import { type Fence, type SeenCustomers, type StreamPosition } from '../application/ports.js';
import { type AccountsDatabase } from './accounts-database.js';
import { positionFromRow } from './mapping.js';

/** Lease family of the QUOTA stream; it has one unit. */
export const QUOTA_EVENTS_SCOPE = 'quota-events';

export class PostgresSeenCustomers implements SeenCustomers {
  constructor(private readonly db: Kysely<AccountsDatabase>) {}

  async position(): Promise<StreamPosition | null> {
    const row = await this.db.selectFrom('accounts.stream_positions').selectAll().where('stream', '=', QUOTA_STREAM).executeTakeFirst();
    return row ? positionFromRow(row) : null;
  }

  async record(ids: readonly string[], position: StreamPosition, { unit, epoch }: Fence): Promise<number> {
    return this.db.transaction().execute(async (trx) => {
      await fenceLease(trx, 'accounts', QUOTA_EVENTS_SCOPE, unit, epoch);
      const { numAffectedRows } = await sql`
        insert into accounts.customers (customer_id, created_by)
        select id, 'event' from unnest(${ids}::text[]) as id
        on conflict do nothing`.execute(trx);
      await sql`
        insert into accounts.stream_positions (stream, sequence, stream_id, message_digest, highest_seen)
        values (${QUOTA_STREAM}, ${position.sequence}, ${position.streamId}, ${position.messageDigest}, ${position.highestSeen})
        on conflict (stream) do update set
          sequence = excluded.sequence, stream_id = excluded.stream_id, message_digest = excluded.message_digest,
          highest_seen = greatest(accounts.stream_positions.highest_seen, excluded.highest_seen), updated_at = now()`.execute(trx);
      return Number(numAffectedRows ?? 0);
    });
  }
}

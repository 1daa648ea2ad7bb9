import { type Pool } from 'pg';
import { type Members } from '../application/members.js';

/** The members that the accounts service publishes. */
export class PostgresMembers implements Members {
  constructor(private readonly pool: Pool) {}

  async customerOf(userId: string): Promise<string | null> {
    const { rows } = await this.pool.query<{ customer_id: string | null }>('select customer_id from accounts.published_members where subject = $1', [userId]);
    return rows[0]?.customer_id ?? null;
  }
}

import { type Pool } from 'pg';
import { type Members } from '../application/ports.js';

/** The members that the accounts service publishes. */
export class PostgresMembers implements Members {
  constructor(private readonly pool: Pool) {}

  async has(userId: string, of: string | undefined): Promise<boolean> {
    const { rowCount } = await this.pool.query('select from accounts.published_members where subject = $1 and ($2::text is null or customer_id = $2)', [userId, of ?? null]);
    return rowCount === 1;
  }
}

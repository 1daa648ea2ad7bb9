import { type Pool } from 'pg';
import { type Projects } from '../application/ports.js';

/** The projects that the accounts service publishes. */
export class PostgresProjects implements Projects {
  constructor(private readonly pool: Pool) {}

  async customerOf(projectId: string): Promise<string | null> {
    const { rows } = await this.pool.query<{ customer_id: string }>('select customer_id from accounts.published_projects where project_id = $1', [projectId]);
    return rows[0]?.customer_id ?? null;
  }
}

import { type Pool } from 'pg';
import { type Projects } from '../application/projects.js';

const MOST_REMEMBERED = 100_000;

/** The projects that the accounts service publishes. A project never changes its customer, so one that was found is remembered. */
export class PostgresProjects implements Projects {
  private readonly found = new Map<string, string>();

  constructor(private readonly pool: Pool) {}

  async customerOf(projectId: string): Promise<string | null> {
    const known = this.found.get(projectId);
    if (known !== undefined) return known;
    const { rows } = await this.pool.query<{ customer_id: string }>('select customer_id from accounts.published_projects where project_id = $1', [projectId]);
    const customerId = rows[0]?.customer_id ?? null;
    if (customerId === null) return null;
    if (this.found.size >= MOST_REMEMBERED) this.found.clear();
    this.found.set(projectId, customerId);
    return customerId;
  }
}

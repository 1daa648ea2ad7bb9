import { eventually, type ServiceName, type WholeStack } from '@ledgerline/local-stack';
import pg from 'pg';

/** The family of leases that share out a service's partitions. */
const SCOPES: Partial<Record<ServiceName, string>> = { pricing: 'usage', aggregation: 'sink', quota: 'priced', alerting: 'quota-events' };
const TAKEN_MS = 60_000;

/** Resolves when every lease of the service's work is `instance`'s. */
export async function heldBy(stack: WholeStack, service: ServiceName, instance: string): Promise<void> {
  const client = new pg.Client({ connectionString: stack.file().database_url, application_name: 'chaos' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await eventually(
      async () => {
        const { rows } = await client.query<{ owner: string | null }>(`select owner from ${client.escapeIdentifier(service)}.leases where scope = $1`, [SCOPES[service]]);
        const owners = rows.map(({ owner }) => owner);
        if (owners.length === 0 || owners.some((owner) => owner !== instance)) throw new Error(`the leases of ${service} are held by ${owners.join(', ')}`);
      },
      { timeoutMs: TAKEN_MS, intervalMs: 100 },
    );
  } finally {
    await client.end();
  }
}

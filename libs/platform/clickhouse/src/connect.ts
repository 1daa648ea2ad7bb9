import { setTimeout as delay } from 'node:timers/promises';
import { type ClickHouseClient, type ClickHouseOptions, createClickHouse } from './client.js';
import { toClickHouseFault } from './errors.js';
import { type ClickHouseMigrations, createDatabase, migrateClickHouse } from './migrations.js';

export interface ClickHouseSchema {
  /** Who the migrations belong to: a service's name. */
  owner: string;
  migrations: ClickHouseMigrations;
}

const RETRY_MS = 250;

/**
 * A client whose database and tables are there. Waits for a server that is not up yet; a server that answers with a refusal
 * (a wrong password, a failing migration) is not asked again. Throws ClickHouseFault.
 */
export async function connectClickHouse(options: ClickHouseOptions, schema: ClickHouseSchema, waitMs = 60_000): Promise<ClickHouseClient> {
  const client = createClickHouse(options);
  const giveUpAt = performance.now() + waitMs;
  for (;;) {
    try {
      await createDatabase(options.url);
      await migrateClickHouse(client, schema.owner, schema.migrations);
      return client;
    } catch (error) {
      const fault = toClickHouseFault(error);
      if (fault.serverCode !== null || performance.now() > giveUpAt) {
        await client.close();
        throw fault;
      }
    }
    await delay(RETRY_MS);
  }
}

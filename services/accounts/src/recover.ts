import { QUOTA_STREAM } from '@ledgerline/contracts';
import { createKysely, createPool } from '@ledgerline/postgres';
import { runJob } from '@ledgerline/rebuild';
import { type AccountsDatabase } from './adapters/accounts-database.js';
import { type AccountsConfig, accountsConfig } from './config.js';

/** Part of a recovery: QUOTA is read again from its beginning. A customer that is there stays as it is. */
async function recover(config: AccountsConfig): Promise<null> {
  const db = createKysely<AccountsDatabase>(createPool(config.DATABASE_URL, { applicationName: 'ledgerline-accounts/recover', max: 1 }));
  try {
    await db.deleteFrom('accounts.stream_positions').where('stream', '=', QUOTA_STREAM).execute();
    return null;
  } finally {
    await db.destroy();
  }
}

await runJob(accountsConfig, recover);

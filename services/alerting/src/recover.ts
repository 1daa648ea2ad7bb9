import { createKysely, createPool } from '@ledgerline/postgres';
import { QUOTA_STREAM } from '@ledgerline/contracts';
import { runJob } from '@ledgerline/rebuild';
import { type AlertingDatabase } from './adapters/alerting-database.js';
import { type AlertingConfig, alertingConfig } from './config.js';

/** Part of a recovery: QUOTA is read again from its beginning. What is known by its event_id changes nothing and notifies nobody. */
async function recover(config: AlertingConfig): Promise<null> {
  const db = createKysely<AlertingDatabase>(createPool(config.DATABASE_URL, { applicationName: 'ledgerline-alerting/recover', max: 1 }));
  try {
    await db.updateTable('alerting.checkpoints').set({ sequence: 0, stream_id: '', message_digest: '', highest_seen: 0 }).where('stream', '=', QUOTA_STREAM).execute();
    return null;
  } finally {
    await db.destroy();
  }
}

await runJob(alertingConfig, recover);

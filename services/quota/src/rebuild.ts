import { systemClock } from '@ledgerline/kernel';
import { connectNats } from '@ledgerline/messaging';
import { createKysely, createPool } from '@ledgerline/postgres';
import { type JobTerms, LogHistory, rebuildProjection, type RebuildOutcome, runJob } from '@ledgerline/rebuild';
import { PostgresSumsBeside } from './adapters/postgres-sums-beside.js';
import { type QuotaDatabase } from './adapters/quota-database.js';
import { RebuildSums } from './application/rebuild-sums.js';
import { type QuotaConfig, quotaConfig } from './config.js';
import { readPriced } from './consumers/read-priced.js';
import { PRICED_LEASES } from './quota.module.js';

const NAME = 'ledgerline-quota/rebuild';

/** Builds the sums that quotas are held against anew. */
async function rebuild(config: QuotaConfig, terms: JobTerms): Promise<RebuildOutcome> {
  const nats = await connectNats(config.NATS_URL, NAME);
  const db = createKysely<QuotaDatabase>(createPool(config.DATABASE_URL, { applicationName: NAME, max: 3 }));
  try {
    const history = new LogHistory(nats, config.GENERATION);
    const sums = new RebuildSums({
      history,
      sums: new PostgresSumsBeside(db, config.GENERATION, PRICED_LEASES),
      read: readPriced,
      clock: systemClock,
      generation: config.GENERATION,
    });
    return await rebuildProjection(history, sums, { onProgress: (added, total) => terms.progress(added, total), accept: (differences) => terms.accept(differences) });
  } finally {
    await Promise.all([nats.close(), db.destroy()]);
  }
}

await runJob(quotaConfig, rebuild);

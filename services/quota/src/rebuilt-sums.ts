import { systemClock } from '@ledgerline/kernel';
import { connectNats } from '@ledgerline/messaging';
import { createKysely, createPool } from '@ledgerline/postgres';
import { openHistory, type PricedHistory } from '@ledgerline/rebuild';
import { PostgresSumsBeside } from './adapters/postgres-sums-beside.js';
import { type QuotaDatabase } from './adapters/quota-database.js';
import { RebuildSums, type SumsBeside } from './application/rebuild-sums.js';
import { type QuotaConfig } from './config.js';
import { readPriced } from './consumers/read-priced.js';
import { PRICED_LEASES } from './quota.module.js';

const NAME = 'ledgerline-quota/rebuild';

/** Puts together what builds the sums anew, for a job; closes it behind the job. */
export async function withRebuiltSums<T>(config: QuotaConfig, { opening }: { opening: boolean }, job: (history: PricedHistory, sums: RebuildSums, beside: SumsBeside) => Promise<T>): Promise<T> {
  const { GENERATION: generation } = config;
  const nats = await connectNats(config.NATS_URL, NAME);
  const db = createKysely<QuotaDatabase>(createPool(config.DATABASE_URL, { applicationName: NAME, max: 3 }));
  try {
    const history = openHistory(nats, generation, process.env);
    const sums = new PostgresSumsBeside(db, generation, PRICED_LEASES);
    return await job(history, new RebuildSums({ history, sums, read: readPriced, clock: systemClock, generation, opening }), sums);
  } finally {
    await Promise.all([nats.close(), db.destroy()]);
  }
}

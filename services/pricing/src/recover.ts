import { usageIdKey } from '@ledgerline/domain-metering';
import { connectNats } from '@ledgerline/messaging';
import { createKysely, createPool } from '@ledgerline/postgres';
import { openHistory, runJob } from '@ledgerline/rebuild';
import { PostgresCorrectionLedgers } from './adapters/corrections/postgres-correction-ledger.js';
import { type PricingDatabase } from './adapters/corrections/pricing-database.js';
import { rebuildLedgers } from './application/corrections/rebuild-ledger.js';
import { pricingConfig } from './config.js';

const NAME = 'ledgerline-pricing/recover';

/** Part of a recovery: makes what is known of corrections what the log of the generations before GENERATION says. */
await runJob(pricingConfig, async (config) => {
  const nats = await connectNats(config.NATS_URL, NAME);
  const db = createKysely<PricingDatabase>(createPool(config.DATABASE_URL, { applicationName: NAME, max: 1 }));
  try {
    const { GENERATION: generation, PARTITIONS: partitions } = config;
    await rebuildLedgers(new PostgresCorrectionLedgers(db), openHistory(nats, generation, process.env), { generation, partitions, key: usageIdKey(config.USAGE_ID_KEY) });
    return null;
  } finally {
    await Promise.all([nats.close(), db.destroy()]);
  }
});

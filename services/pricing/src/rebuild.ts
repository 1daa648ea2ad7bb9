import { usageIdKey } from '@ledgerline/domain-metering';
import { connectNats } from '@ledgerline/messaging';
import { type JobTerms, openHistory, type RebuildOutcome, runJob } from '@ledgerline/rebuild';
import { DiskIndexFolders } from './adapters/disk-index-folders.js';
import { HistoryLog } from './adapters/history-log.js';
import { JetStreamPricedLog } from './adapters/jetstream-priced-log.js';
import { rebuildIndex } from './application/rebuild-index.js';
import { type PricingConfig, pricingConfig } from './config.js';
import { indexCopyFolder, indexFolder } from './index-folder.js';

const NAME = 'ledgerline-pricing/rebuild';

/** Builds the idempotency index of the process with this environment anew, from PRICED. */
async function rebuild(config: PricingConfig, { progress, accept }: JobTerms): Promise<RebuildOutcome> {
  const nats = await connectNats(config.NATS_URL, NAME);
  try {
    const { GENERATION: generation, PARTITIONS: partitions } = config;
    const history = openHistory(nats, generation, process.env);
    const total = (await history.ends()).entries().reduce((sum, { sequence }) => sum + sequence, 0);
    let read = 0;
    const onRead = (): void => progress(++read, Math.max(total, read));
    const log = (partition: number): JetStreamPricedLog => new JetStreamPricedLog(nats, generation, partition);
    return await rebuildIndex({
      terms: { generation, partitions, key: usageIdKey(config.USAGE_ID_KEY) },
      folders: new DiskIndexFolders(indexFolder(config), indexCopyFolder(config), config.PRICING_INDEX_WINDOW_DAYS),
      log,
      history: (partition) => new HistoryLog(history, log(partition), { generation, partition }, onRead),
      accept,
    });
  } finally {
    await nats.close();
  }
}

await runJob(pricingConfig, rebuild);

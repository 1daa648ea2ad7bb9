import { rebuildProjection, runJob } from '@ledgerline/rebuild';
import { quotaConfig } from './config.js';
import { withRebuiltSums } from './rebuilt-sums.js';

/** Builds the sums that quotas are held against anew. */
await runJob(quotaConfig, (config, { progress, accept }) =>
  withRebuiltSums(config, { opening: false }, (history, sums) => rebuildProjection(history, sums, { onProgress: progress, accept })),
);

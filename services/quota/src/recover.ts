import { rebuildProjection, runJob } from '@ledgerline/rebuild';
import { systemClock } from '@ledgerline/kernel';
import { quotaConfig } from './config.js';
import { withRebuiltSums } from './rebuilt-sums.js';

/**
 * Part of a recovery: makes the sums what the log says, all of it, the new generation GENERATION included, goes on from there, and announces
 * again what stands. With --announce-only, just that.
 */
await runJob(quotaConfig, async (config, { progress }) => {
  if (!process.argv.includes('--announce-only')) {
    return withRebuiltSums(config, { opening: true }, (history, sums) => rebuildProjection(history, sums, { onProgress: progress, accept: async () => true }));
  }
  return withRebuiltSums(config, { opening: false }, (_history, _sums, beside) => beside.hold((held) => held.announceAgain(systemClock.nowMs() * 1000)));
});

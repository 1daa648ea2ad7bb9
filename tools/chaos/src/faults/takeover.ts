import { type ServiceName } from '@ledgerline/local-stack';
import { heldBy } from './leases.js';
import { startSecondCopy } from './second-copy.js';
import { freeze } from './signals.js';
import { type Inflict } from './stack-under-fire.js';

/** Freezes a worker until a second copy holds all of its leases, thaws it beside that copy, and ends the copy. */
export const inflictTakeover: Inflict = async ({ stack }, { targets }) => {
  for (const service of targets as ServiceName[]) {
    const second = await startSecondCopy(stack, service);
    const thaw = freeze([stack.pid(service)]);
    try {
      await heldBy(stack, service, 'second');
    } finally {
      thaw();
      await second.stop();
    }
  }
};

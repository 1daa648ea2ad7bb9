import { setTimeout as delay } from 'node:timers/promises';
import { holdsRequest, passes } from '../links/link-behaviour.js';
import { heldBy } from './leases.js';
import { inflictKill } from './process-faults.js';
import { startSecondCopy } from './second-copy.js';
import { freeze } from './signals.js';
import { type Inflict, type StackUnderFire } from './stack-under-fire.js';

const INSERT = /^POST [^\r\n]*INSERT[^\r\n]*usage_events/;
const HELD_MS = 60_000;

/** Stops in the middle of an INSERT's body: the sink, whose body arrives when another sink has done its work; or ClickHouse, for ever. */
export const inflictMidBody: Inflict = async (fire, { targets: [target] }) => {
  const link = fire.links.get('aggregation-clickhouse');
  try {
    await new Promise<void>((resolve, reject) => {
      link.behave(holdsRequest(INSERT, resolve));
      void delay(HELD_MS, undefined, { ref: false }).then(() => reject(new Error('no INSERT came through')));
    });
    if (target === 'clickhouse') return await inflictKill(fire, { targets: ['clickhouse'], holdMs: 0 });
    await lateBody(fire);
  } finally {
    link.behave(passes);
  }
};

/** The rest of the body comes while its sender is still frozen, after another sink has inserted the same range. */
async function lateBody({ stack, links }: StackUnderFire): Promise<void> {
  const thaw = freeze([stack.pid('aggregation')]);
  const second = await startSecondCopy(stack, 'aggregation');
  try {
    await heldBy(stack, 'aggregation', 'second');
    links.get('aggregation-clickhouse').behave(passes);
  } finally {
    thaw();
    await second.stop();
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import { eventually, WholeStack } from '@ledgerline/local-stack';
import { inflict } from './faults.js';
import { Intruder } from './intruder.js';
import { Ledger } from './ledger.js';
import { Producer } from './producer.js';
import { type ChaosReport, type Round } from './report.js';
import { schedule } from './schedule.js';
import { verify } from './verify.js';

export interface ChaosPlan {
  /** At most so long ... */
  readonly minutes: number;
  /** ... and at most so many faults. */
  readonly rounds?: number;
  readonly seed: number;
  /** Longest freeze, milliseconds. */
  readonly maxHoldMs: number;
}

const PRODUCERS = 4;
const CUSTOMERS = 20;
/** Events that may be sent again. */
const REMEMBERED = 20_000;
/** Crossed soon, by every customer, in the middle of it all. */
const QUOTA_TOKENS = 500_000;
/** Longest that the last events may take into every sum once nothing is done to the stack any more. */
const SETTLE_MS = 120_000;

/**
 * Runs a whole stack under producers that keep their own ledger, does to it what the seed says, and compares in the end.
 *
 * @param say is told what is being done
 */
export async function runChaos({ minutes, rounds: most = Infinity, seed, maxHoldMs }: ChaosPlan, say: (line: string) => void): Promise<ChaosReport> {
  const stack = new WholeStack('chaos');
  const ledger = new Ledger(REMEMBERED);
  const customers = Array.from({ length: CUSTOMERS }, (_, i) => `customer-${i}`);
  const producers = Array.from({ length: PRODUCERS }, (_, i) => new Producer({ name: `producer-${i}`, seed: seed + i + 1, stack, ledger, customers }));
  const intruder = new Intruder(stack);
  const startedMs = performance.now();
  const rounds: Round[] = [];
  try {
    await stack.start();
    for (const customer of customers) await stack.request('POST', '/v1/quotas', { customer_id: customer, metric: 'tokens', limit: QUOTA_TOKENS });
    const load = Promise.all([...producers.map((producer) => producer.run()), intruder.run()]);
    load.catch(() => undefined);
    const endMs = performance.now() + minutes * 60_000;
    for (const fault of schedule({ seed, maxHoldMs })) {
      if (rounds.length >= most || performance.now() + fault.quietMs + fault.holdMs > endMs) break;
      await Promise.race([delay(fault.quietMs), load]);
      say(`round ${rounds.length + 1}: ${fault.kind} ${fault.parts.join(' + ')}${fault.holdMs > 0 ? ` for ${(fault.holdMs / 1000).toFixed(1)} s` : ''}`);
      const recoveryMs = await inflict(stack, fault);
      rounds.push({ ...fault, recoveryMs });
    }
    for (const one of [...producers, intruder]) one.finish();
    say('the producers send what is not acknowledged yet');
    await Promise.race([load, delay(SETTLE_MS, undefined, { ref: false }).then(() => Promise.reject(new Error('the producers did not get everything acknowledged')))]);
    say('comparing');
    const differences = await settled(stack, ledger);
    return { seed, seconds: Math.round((performance.now() - startedMs) / 1000), acknowledged: ledger.acknowledged, intruded: intruder.published, rounds, differences };
  } finally {
    for (const one of [...producers, intruder]) one.finish();
    await stack.dispose();
  }
}

/** The differences that are left when everything had time to arrive. */
async function settled(stack: WholeStack, ledger: Ledger): Promise<string[]> {
  let differences: string[] = [];
  await eventually(
    async () => {
      differences = await verify(stack, ledger);
      if (differences.length > 0) throw new Error('not all of it is there');
    },
    { timeoutMs: SETTLE_MS, intervalMs: 1_000 },
  ).catch((error: Error) => {
    if (differences.length === 0) differences = [`the stack could not be asked: ${error.message}`];
  });
  return differences;
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { WholeStack } from '@ledgerline/local-stack';
import { buildWithFailpoints } from './failpoints/build-with-failpoints.js';
import { inflict } from './faults/inflict.js';
import { StackLinks } from './links/stack-links.js';
import { Load } from './load/load.js';
import { type ChaosReport, type Round } from './report.js';
import { type FaultKind } from './schedule/fault-kinds.js';
import { faultText, schedule } from './schedule/schedule.js';
import { settledDifferences } from './verify.js';

export interface ChaosPlan {
  /** At most so long ... */
  readonly minutes: number;
  /** ... and at most so many faults. */
  readonly rounds?: number;
  readonly seed: number;
  /** Longest that a fault lasts, milliseconds. */
  readonly maxHoldMs: number;
  /** Every kind of fault once in a pass, however often it comes otherwise. */
  readonly each?: boolean;
  /** Only these kinds of faults. */
  readonly kinds?: readonly FaultKind[];
}

/**
 * Runs a whole stack under producers that keep their own ledger, does to it what the seed says, and compares in the end.
 *
 * @param say is told what is being done
 */
export async function runChaos({ minutes, rounds: most = Infinity, seed, maxHoldMs, each, kinds }: ChaosPlan, say: (line: string) => void): Promise<ChaosReport> {
  const links = await StackLinks.open();
  const servicesDir = buildWithFailpoints();
  const failpoints = mkdtempSync(join(tmpdir(), 'ledgerline-failpoints-'));
  const stack = new WholeStack('chaos', { links: links.ports, servicesDir, env: { LEDGERLINE_FAILPOINTS: failpoints } });
  links.leadTo(stack);
  const load = new Load(stack, seed);
  const startedMs = performance.now();
  const rounds: Round[] = [];
  try {
    await stack.start();
    await load.start();
    const endMs = performance.now() + minutes * 60_000;
    for (const fault of schedule({ seed, maxHoldMs, each, kinds })) {
      if (rounds.length >= most || performance.now() + fault.quietMs + fault.holdMs > endMs) break;
      await Promise.race([delay(fault.quietMs), load.failed]);
      say(`round ${rounds.length + 1}: ${faultText(fault)}`);
      const recoveryMs = await inflict({ stack, links, failpoints, probe: load.probe }, fault);
      say(`  all works again after ${(recoveryMs / 1000).toFixed(1)} s`);
      rounds.push({ ...fault, recoveryMs });
    }
    say('the producers send what is not acknowledged yet');
    await load.finish();
    say('comparing');
    const differences = await settledDifferences(stack, load);
    const { acknowledged } = load.ledger;
    return { seed, seconds: Math.round((performance.now() - startedMs) / 1000), acknowledged, corrected: load.corrected, intruded: load.intruded, rounds, differences };
  } finally {
    load.stop();
    await stack.dispose();
    await links.close();
    for (const folder of [servicesDir, failpoints]) rmSync(folder, { recursive: true, force: true });
  }
}

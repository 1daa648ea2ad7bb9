import { armedText, type FailpointName } from '@ledgerline/failpoints';
import { eventually } from '@ledgerline/local-stack';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAILPOINTS, serviceOf } from '../failpoints/failpoints.js';
import { signal } from './signals.js';
import { type Inflict } from './stack-under-fire.js';

const REACHED_MS = 60_000;

/** Arms a failpoint and waits until it was reached; a new customer crosses its quota meanwhile, so that every service has something to do. */
export const inflictFailpoint: Inflict = async ({ stack, probe, failpoints }, { targets }) => {
  const before = targets.map((target) => {
    const name = target as FailpointName;
    const service = serviceOf(name);
    writeFileSync(join(failpoints, name), armedText(FAILPOINTS[name]));
    return { name, service, pid: stack.pid(service) };
  });
  // This one is passed only by a partition that is taken up.
  if (targets.includes('pricing.after-recover')) signal(stack.pid('pricing'), 'SIGKILL');
  const stirred = probe.cross(REACHED_MS);
  stirred.catch(() => undefined);
  await eventually(
    () => {
      for (const { name } of before) if (existsSync(join(failpoints, name))) throw new Error(`${name} was not reached`);
    },
    { timeoutMs: REACHED_MS },
  );
  await stirred;
  return () => {
    for (const { name, service, pid } of before)
      if (FAILPOINTS[name].action === 'crash' && stack.pid(service) === pid) throw new Error(`${service} was not started again`);
  };
};

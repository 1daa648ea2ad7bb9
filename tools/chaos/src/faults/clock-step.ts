import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Inflict } from './stack-under-fire.js';

const HOUR_MS = 3_600_000;

/** The clock that a service is given is an hour ahead (`quota+1h`) or behind (`quota-1h`) for a while. */
export const inflictClockStep: Inflict = async ({ failpoints }, { targets, holdMs }) => {
  const files = targets.map((target) => {
    const [, service, sign] = /^(.*)([+-])1h$/.exec(target)!;
    return [join(failpoints, `clock.${service}`), sign === '+' ? HOUR_MS : -HOUR_MS] as const;
  });
  for (const [file, stepMs] of files) writeFileSync(file, String(stepMs));
  try {
    await delay(holdMs);
  } finally {
    for (const [file] of files) rmSync(file, { force: true });
  }
};

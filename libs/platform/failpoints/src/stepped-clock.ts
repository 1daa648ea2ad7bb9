/**
 * Steps the clock that services are given: `clock.<service>` in the folder of failpoints holds by how many milliseconds, for as long as it
 * is there. Looked at ten times a second, as the clock is asked for every request.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemClock } from '@ledgerline/kernel';

const LOOK_MS = 100;

const folder = process.env['LEDGERLINE_FAILPOINTS'];
if (folder) {
  const service = basename(dirname(dirname(process.argv[1] ?? '')));
  const file = join(folder, `clock.${service}`);
  let stepMs = 0;
  setInterval(() => {
    try {
      stepMs = Number(readFileSync(file, 'utf8'));
    } catch {
      stepMs = 0;
    }
  }, LOOK_MS).unref();
  const nowMs = systemClock.nowMs;
  systemClock.nowMs = () => nowMs() + stepMs;
}

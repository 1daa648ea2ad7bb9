import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ownerOf, writePidFile } from '../process/stale.js';

const FILE = 'supervisor.pid';

/** Makes the home and claims it for this process. Throws when a running stack has it. */
export function claimHome(home: string): void {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const owner = ownerOf(join(home, FILE), 'bootstrap.mjs');
  if (owner !== null) {
    throw new Error(`Ledgerline already runs on ${home} (process ${owner}). Stop it, or set LEDGERLINE_HOME to another folder.`);
  }
  writePidFile(join(home, FILE), process.pid);
}

export function releaseHome(home: string): void {
  rmSync(join(home, FILE), { force: true });
}

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

/** Compiles all services with their failpoints. @returns the folder that holds them, which is the caller's to remove */
export function buildWithFailpoints(): string {
  // Inside the checkout, where they find their packages.
  mkdirSync(join(ROOT, '.nx'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, '.nx/failpoints-'));
  execFileSync(process.execPath, [join(ROOT, 'deploy/local/compile.mjs'), '--failpoints', folder], { stdio: ['ignore', 'inherit', 'inherit'] });
  return folder;
}

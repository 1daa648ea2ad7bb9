/** Runs jest on the paths given: `node tools/jest.mjs libs/kernel/`. Native ESM needs a Node flag that only a parent can set. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { status, signal } = spawnSync(
  process.execPath,
  ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
);
process.exit(signal ? 1 : (status ?? 1));

/**
 * Runs jest on the paths given: `npm run jest -- libs/kernel/`. Builds first, because integration
 * tests start the services as processes. Native ESM needs a Node flag that only a parent can set.
 */
import { spawn } from 'node:child_process';
import { build, ROOT } from '../deploy/local/build.mjs';

build('Building…');
const jest = spawn(process.execPath, ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js', ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => jest.kill(signal));
jest.on('exit', (code) => process.exit(code ?? 1));

/** `npm test`: every test, on real servers. The last line is `N passed, N failed`; 0 only when nothing failed or was skipped. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './build.mjs';

/** A file that could not be run counts as one failure: none of its tests has been counted. */
function sum({ numPassedTests, numFailedTests, numPendingTests, numTodoTests, numRuntimeErrorTestSuites }, whole) {
  const skipped = whole ? numPendingTests + numTodoTests : 0;
  return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites + skipped };
}

export function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'ledgerline-results-'));
  const results = join(folder, 'results.json');
  const jest = spawn(
    process.execPath,
    ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js', '--json', `--outputFile=${results}`, ...args],
    // With --json jest reports on stderr and prints the results once more on stdout.
    { cwd: ROOT, stdio: ['inherit', 'ignore', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
  );
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => jest.kill(signal));
  jest.on('exit', (code) => {
    let totals = { passed: 0, failed: 1 };
    try {
      totals = sum(JSON.parse(readFileSync(results, 'utf8')), args.length === 0);
    } catch {
      process.stderr.write('The test run ended without results.\n');
    }
    rmSync(folder, { recursive: true, force: true });
    if (code !== 0 && totals.failed === 0) totals.failed = 1;
    process.stderr.write('', () => process.stdout.write(`${totals.passed} passed, ${totals.failed} failed\n`, () => process.exit(totals.failed > 0 ? 1 : 0)));
  });
}

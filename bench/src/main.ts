import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { FULL, SHORT } from './plan.js';
import { latestJson } from './report/figures.js';
import { tables } from './report/tables.js';
import { runBench } from './run-bench.js';

const LATEST = fileURLToPath(new URL('../latest.json', import.meta.url));

const program = new Command('bench')
  .description('Measures the pipeline on this machine beside the plain way and the bare loops; writes bench/latest.json. See bench/README.md.')
  .option('--short', 'about a minute, indicative only')
  .parse();

try {
  const startedMs = performance.now();
  const say = (line: string): void => void process.stderr.write(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(4)} s  ${line}\n`);
  const measured = await runBench(program.opts<{ short?: boolean }>().short ? SHORT : FULL, say);
  writeFileSync(LATEST, `${JSON.stringify(latestJson(measured), null, 2)}\n`);
  process.stdout.write(`${tables(measured)}\nWritten to ${LATEST}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).stack}\n`);
  process.exitCode = 1;
}

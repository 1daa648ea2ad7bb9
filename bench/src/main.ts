import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { measureIdempotencyIndex } from './measures/idempotency-index.js';
import { measureSqlite } from './measures/sqlite-identities.js';
import { type BenchPlan, FULL, SHORT } from './plan.js';
import { latestJson } from './report/figures.js';
import { indexTable } from './report/index-table.js';
import { readsTable } from './report/reads-table.js';
import { tables } from './report/tables.js';
import { runBench, runReads } from './run-bench.js';

const LATEST = fileURLToPath(new URL('../latest.json', import.meta.url));

/** SQLite takes long: what it costs an identity shows with fewer, and only grows. */
const SQLITE_IDENTITIES = 1_000_000;

const program = new Command('bench')
  .description('Measures the pipeline on this machine beside the plain way and the bare loops; writes bench/latest.json. See bench/README.md.')
  .option('--short', 'about a minute, indicative only')
  .option('--all', 'reads as well')
  .option('--reads', 'measures reads alone')
  .option('--events <count>', 'how many events are stored when reads are measured', wholeNumber, 10_000_000)
  .option('--index', 'measures the idempotency index alone')
  .option('--identities <count>', 'how many identities it is to hold', wholeNumber, 100_000_000)
  .parse();

try {
  const startedMs = performance.now();
  const say = (line: string): void => void process.stderr.write(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(4)} s  ${line}\n`);
  const { short, all, reads, events, index, identities } = program.opts<{ short?: boolean; all?: boolean; reads?: boolean; events: number; index?: boolean; identities: number }>();
  if (index) await benchIndex(identities, say);
  else if (reads) process.stdout.write(`${readsTable(await runReads(events, say))}\n`);
  else await benchAll(short ? SHORT : FULL, say, all ? events : undefined);
} catch (error) {
  process.stderr.write(`${(error as Error).stack}\n`);
  process.exitCode = 1;
}

async function benchAll(plan: BenchPlan, say: (line: string) => void, readEvents: number | undefined): Promise<void> {
  const writes = await runBench(plan, say);
  const measured = readEvents === undefined ? writes : { ...writes, reads: await runReads(readEvents, say) };
  writeFileSync(LATEST, `${JSON.stringify(latestJson(measured), null, 2)}\n`);
  process.stdout.write(`${tables(measured)}\nWritten to ${LATEST}\n`);
}

async function benchIndex(identities: number, say: (line: string) => void): Promise<void> {
  say(`the idempotency index: ${identities} identities`);
  const index = await measureIdempotencyIndex(identities, say);
  say('the same with SQLite, fewer of them');
  const sqlite = await measureSqlite(Math.min(identities, SQLITE_IDENTITIES));
  process.stdout.write(`${indexTable(index, sqlite)}\n`);
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('expected a whole number, 1 or more');
  return number;
}

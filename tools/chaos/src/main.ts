import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { reportText } from './report.js';
import { runChaos } from './run-chaos.js';

const LONGEST_FREEZE_S = 60;

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number above zero.');
  return value;
}

const { minutes, seed, maxFreeze, report } = new Command('chaos')
  .description('Kills and freezes the parts of a whole stack under load, and proves that nothing is lost and nothing counted twice. Exits 1 when something is.')
  .option('--minutes <minutes>', 'how long', positive, 5)
  .option('--seed <seed>', 'the same seed does the same things', positive, 1)
  .option('--max-freeze <seconds>', 'longest time that a part stays frozen; the shortest is 5', positive, LONGEST_FREEZE_S)
  .option('--report <file>', 'also write the report there')
  .parse()
  .opts<{ minutes: number; seed: number; maxFreeze: number; report?: string }>();

try {
  const done = await runChaos({ minutes, seed, maxHoldMs: maxFreeze * 1000 }, (line) => process.stderr.write(`${line}\n`));
  const text = reportText(done);
  if (report) writeFileSync(report, `${text}\n`);
  process.stdout.write(`${text}\n`);
  process.exitCode = done.differences.length === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${(error as Error).stack}\n`);
  process.exitCode = 1;
}

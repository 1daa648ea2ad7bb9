import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { FAULT_KINDS, type FaultKind } from './schedule/fault-kinds.js';
import { reportText } from './report.js';
import { runChaos } from './run-chaos.js';
import { rewoundBroker } from './scenarios/rewound-broker.js';

const LONGEST_HOLD_S = 60;
const SCENARIO_LOAD_MS = 8_000;

/** Stories that lose acknowledged messages by design, so that no schedule may contain them. Each answers with the line that sums it up. */
const SCENARIOS = {
  'rewound-broker': async (seed: number, say: (line: string) => void): Promise<string> => {
    const { ledger, copiedAt, named } = await rewoundBroker({ seed, loadMs: SCENARIO_LOAD_MS }, say);
    return `rewound broker: ${ledger.acknowledged - copiedAt} of ${ledger.acknowledged} acknowledged events lost by it; ${Object.keys(named).join(', ')} stopped and named it`;
  },
};


function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number above zero.');
  return value;
}

function faultKinds(text: string): FaultKind[] {
  const names = text.split(',');
  const wrong = names.find((name) => !(name in FAULT_KINDS));
  if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is none of ${Object.keys(FAULT_KINDS).join(', ')}.`);
  return names as FaultKind[];
}

const { minutes, seed, maxHold, kinds, report, scenario } = new Command('chaos')
  .description('Does to a whole stack under load what may happen to one, and proves that nothing is lost and nothing counted twice. Exits 1 when something is.')
  .option('--minutes <minutes>', 'how long', positive, 5)
  .option('--seed <seed>', 'the same seed does the same things', positive, 1)
  .option('--max-hold <seconds>', 'longest time that a fault lasts', positive, LONGEST_HOLD_S)
  .option('--kinds <kinds>', 'only these kinds of faults, with commas between them', faultKinds)
  .addOption(new Option('--scenario <name>', 'one story instead of a schedule').choices(Object.keys(SCENARIOS)))
  .option('--report <file>', 'also write the report there')
  .parse()
  .opts<{ minutes: number; seed: number; maxHold: number; kinds?: FaultKind[]; report?: string; scenario?: keyof typeof SCENARIOS }>();

const say = (line: string): void => void process.stderr.write(`${line}\n`);

try {
  if (scenario) {
    process.stdout.write(`${await SCENARIOS[scenario](seed, say)}\n`);
    process.exit(0);
  }
  const done = await runChaos({ minutes, seed, maxHoldMs: maxHold * 1000, kinds }, say);
  const text = reportText(done);
  if (report) writeFileSync(report, `${text}\n`);
  process.stdout.write(`${text}\n`);
  process.exitCode = done.differences.length === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${(error as Error).stack}\n`);
  process.exitCode = 1;
}

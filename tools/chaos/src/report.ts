import { type Fault } from './schedule/schedule.js';

/** One fault that was done, and how long it took until everything worked again. */
export interface Round extends Fault {
  readonly recoveryMs: number;
}

export interface ChaosReport {
  readonly seed: number;
  /** How long all of it took. */
  readonly seconds: number;
  /** Events that the producers' ledger holds, each once. */
  readonly acknowledged: number;
  /** Corrections of them that were acknowledged, each once. */
  readonly corrected: number;
  /** Messages put into the log past ingest. */
  readonly intruded: number;
  readonly rounds: readonly Round[];
  /** Empty: nothing was lost and nothing counted twice. */
  readonly differences: readonly string[];
}

/** The report as Markdown; its last line sums it up. */
export function reportText(report: ChaosReport): string {
  const { seed, seconds, acknowledged, corrected, intruded, rounds, differences } = report;
  const cases = rounds.flatMap(({ kind, targets, recoveryMs }) => targets.map((target) => ({ kind, name: `${kind} ${target}`, seconds: recoveryMs / 1000 })));
  return [
    `Seed ${seed}, ${seconds} s: ${rounds.length} rounds, ${rounds.filter(({ targets }) => targets.length > 1).length} of them with two faults at once.`,
    `The producers had ${acknowledged} events acknowledged, a fifth of what they sent being repetitions, and ${corrected} corrections of them; ${intruded} forged or garbage messages went into the log.`,
    '',
    ...recoveryTable('kind of fault', cases.map((one) => ({ ...one, name: one.kind }))),
    '',
    ...recoveryTable('fault', cases),
    '',
    ...differences.map((difference) => `- ${difference}`),
    differences.length === 0
      ? `${rounds.length} rounds, ${cases.length} faults, ${acknowledged} events, ${corrected} corrections: 0 lost, 0 counted twice, audit exact`
      : `${rounds.length} rounds, ${cases.length} faults, ${acknowledged} events, ${corrected} corrections: ${differences.length} DIFFERENCES`,
  ].join('\n');
}

/** How long it took until every service was ready again and a new event was in ClickHouse and in its quota's sum. */
function recoveryTable(heading: string, cases: readonly { name: string; seconds: number }[]): string[] {
  const rows = [...new Set(cases.map(({ name }) => name))].sort().map((name) => {
    const times = cases.filter((one) => one.name === name).map(({ seconds }) => seconds).sort((a, b) => a - b);
    return `| ${name} | ${times.length} | ${times[Math.floor(times.length / 2)]!.toFixed(1)} | ${times.at(-1)!.toFixed(1)} |`;
  });
  return [`| ${heading} | times | all works again after, median s | longest s |`, '|---|---:|---:|---:|', ...rows];
}

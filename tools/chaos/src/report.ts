import { type Fault } from './schedule.js';

/** One fault that was done, and how long the stack took to be ready after it. */
export interface Round extends Fault {
  readonly recoveryMs: number;
}

export interface ChaosReport {
  readonly seed: number;
  /** How long all of it took. */
  readonly seconds: number;
  /** Events that the producers' ledger holds, each once. */
  readonly acknowledged: number;
  /** Messages put into the log past ingest. */
  readonly intruded: number;
  readonly rounds: readonly Round[];
  /** Empty: nothing was lost and nothing counted twice. */
  readonly differences: readonly string[];
}

/** The report as Markdown; its last line sums it up. */
export function reportText(report: ChaosReport): string {
  const { seed, seconds, acknowledged, intruded, rounds, differences } = report;
  const kinds = [...new Set(rounds.flatMap(({ kind, parts }) => parts.map((part) => `${kind} ${part}`)))].sort();
  const rows = kinds.map((name) => {
    const times = rounds.filter(({ kind, parts }) => parts.some((part) => `${kind} ${part}` === name)).map(({ recoveryMs }) => recoveryMs / 1000).sort((a, b) => a - b);
    return `| ${name} | ${times.length} | ${times[Math.floor(times.length / 2)]!.toFixed(1)} | ${times.at(-1)!.toFixed(1)} |`;
  });
  return [
    `Seed ${seed}, ${seconds} s: ${rounds.length} rounds, ${rounds.filter(({ parts }) => parts.length > 1).length} of them with two parts at once.`,
    `The producers had ${acknowledged} events acknowledged, a fifth of what they sent being repetitions; ${intruded} forged or garbage messages went into the log.`,
    '',
    '| fault | times | ready again after, median s | longest s |',
    '|---|---:|---:|---:|',
    ...rows,
    '',
    ...differences.map((difference) => `- ${difference}`),
    differences.length === 0
      ? `${rounds.length} rounds, ${acknowledged} events: 0 lost, 0 counted twice, audit exact`
      : `${rounds.length} rounds, ${acknowledged} events: ${differences.length} DIFFERENCES`,
  ].join('\n');
}

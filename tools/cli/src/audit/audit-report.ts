import { formatUsd } from '@ledgerline/kernel';
import { Outcome } from '@ledgerline/contracts';
import { table } from '../output/table.js';
import { describeDifference } from './difference.js';
import { type PartitionLedger } from './facts.js';
import { type AuditReport, type ClosedReport } from './run-audit.js';

const DIFFERENCES_SHOWN = 10;
const OUTCOMES = Object.entries(Outcome);

/** The report for people: a line per partition of what was walked, then the verdict. */
export function auditText(report: AuditReport): string {
  const walked = walkedPartitions(report);
  return [...(walked.length > 0 ? [ledgerTable(walked)] : []), ...verdict(report), ...remarks(report)].join('\n');
}

interface WalkedPartition {
  readonly generation: number;
  readonly ledger: PartitionLedger;
  /** In ClickHouse. */
  readonly rows: bigint;
}

/** Of closed generations only what this run walked; of the one in use every partition. */
function walkedPartitions({ generation, ledgers, stored, closed }: AuditReport): WalkedPartition[] {
  return [...closed, { generation, ledgers, stored }].flatMap((one) =>
    one.ledgers
      .filter(({ cut, pricedFrom }) => one.generation === generation || cut >= pricedFrom)
      .map((ledger) => ({ generation: one.generation, ledger, rows: one.stored.get(ledger.partition)?.rows ?? 0n })),
  );
}

function ledgerTable(walked: readonly WalkedPartition[]): string {
  const seen = OUTCOMES.filter(([, outcome]) => walked.some(({ ledger }) => (ledger.outcomes[outcome] ?? 0n) > 0n));
  const corrected = walked.some(({ ledger }) => ledger.corrections > 0n);
  const several = walked.some(({ generation }) => generation !== walked[0]!.generation);
  const head = [...(several ? ['generation'] : []), 'partition', 'PRICED', 'USAGE', 'events', ...(corrected ? ['corrections'] : []), ...seen.map(([name]) => name), 'rows', 'cost USD'];
  const lines = walked.map(({ generation, ledger, rows }) => [
    ...(several ? [generation] : []),
    ledger.partition,
    span(ledger.pricedFrom, ledger.cut),
    span(ledger.sourceAfter + 1, ledger.sourceTo),
    ledger.usageEvents,
    ...(corrected ? [ledger.corrections] : []),
    ...seen.map(([, outcome]) => ledger.outcomes[outcome] ?? 0n),
    rows,
    formatUsd(ledger.counted.costPicoUsd),
  ]);
  return table(head, lines);
}

const span = (from: number, to: number): string => (to < from ? 'nothing new' : `${from}..${to}`);

function verdict(report: AuditReport): string[] {
  const { differences, coverage } = report;
  if (differences.length > 0) {
    const [first, ...others] = differences.slice(0, DIFFERENCES_SHOWN).map(describeDifference);
    const more = differences.length - 1 - others.length;
    return [`DIFFERENT: ${first}.`, ...others.map((text) => `  also: ${text}.`), ...(more > 0 ? [`  and ${more} more.`] : [])];
  }
  const { events, corrections } = report.total;
  const what = `${events} events${corrections > 0n ? ` and ${corrections} corrections` : ''} agree in USAGE, PRICED`;
  if (coverage === 'range') return [`Exact in this range: ${what} and ClickHouse.`];
  return [`Exact: ${what}, ClickHouse, the quota sums and the summaries.`];
}

/** What the verdict rests on, and what it does not say. */
function remarks(report: AuditReport): string[] {
  const { coverage, baseline, sinceUs, differences, ledgers, storeProblem, closed } = report;
  const copies = [report, ...closed].flatMap((one) => one.ledgers).reduce((sum, ledger) => sum + ledger.copies, 0);
  const lines: string[] = closed.map((one) => closedText(one, sinceUs !== undefined));
  if (closed.length > 0) lines.push(`Generation ${report.generation} is the one in use.`);
  if (baseline) {
    const walked = ledgers.reduce((sum, { usageEvents, corrections }) => sum + usageEvents + corrections, 0n);
    lines.push(`Walked now: ${walked}. Before that: the baseline sealed at ${timeText(baseline.sealedAtUs)}, whose sums count.`);
    if (differences.length > 0) lines.push('`audit --full` walks the log from its beginning and looks at every row.');
  }
  if (coverage === 'range') {
    const why = sinceUs === undefined ? 'The streams no longer begin at their beginning, and no baseline reaches to where they do (--deep reads the archive)' : `Only what was published since ${timeText(sinceUs)} was read`;
    lines.push(`${why}: quota sums and summaries, totals from the beginning, were not compared.`);
  }
  if (copies > 0) lines.push(`${copies} USAGE messages are trimmed; PRICED's own copy of them was decoded.`);
  if (storeProblem !== undefined) lines.push(`No baseline is kept (${storeProblem}): every run walks the whole log.`);
  return lines;
}

/** What stands for a generation that a recovery closed. */
function closedText({ generation, coverage, gone, baseline, total }: ClosedReport, since: boolean): string {
  const which = `Generation ${generation}, closed by a recovery, was audited as well:`;
  const streams = gone ? 'streams of it are gone, and ' : '';
  if (coverage === 'whole') return `${which} ${total.events} events, walked from its beginning.`;
  if (coverage === 'baseline' && baseline) return `${which} ${streams}${total.events} events count, as the baseline sealed at ${timeText(baseline.sealedAtUs)} has them.`;
  return `${which} ${streams}${total.events} events were walked, ${since ? 'those published since' : 'not from its beginning'}.`;
}

const timeText = (timeUs: number): string => new Date(Math.floor(timeUs / 1000)).toISOString();

/** The report for programs. Numbers that could pass 2^53 are decimal strings. */
export function auditJson(report: AuditReport): object {
  const { differences, coverage, total, generation, closed, baseline, sinceUs, sealed, storeProblem, lag } = report;
  return {
    exact: differences.length === 0,
    /** whole: the log from its beginning; baseline: what came after one, on top of it; range: rows of a stretch. */
    coverage,
    compared: coverage === 'range' ? ['rows'] : ['rows', 'quota_sums', 'summaries'],
    ...(sinceUs === undefined ? {} : { since: timeText(sinceUs) }),
    baseline: baseline ? { sealed_at: timeText(baseline.sealedAtUs) } : null,
    sealed,
    ...(storeProblem === undefined ? {} : { baseline_problem: storeProblem }),
    lag_messages: lag,
    events: total.events.toString(),
    corrections: total.corrections.toString(),
    outcomes: outcomesJson(total.outcomes),
    differences,
    generation,
    closed_generations: closed.map(closedJson),
    partitions: walkedPartitions(report).map(partitionJson),
  };
}

const closedJson = ({ generation, coverage, gone, baseline, total }: ClosedReport): object => ({
  generation,
  coverage,
  streams_gone: gone,
  baseline: baseline ? { sealed_at: timeText(baseline.sealedAtUs) } : null,
  events: total.events.toString(),
  corrections: total.corrections.toString(),
});

/** What was walked of a partition. */
const partitionJson = ({ generation, rows, ledger: { partition, pricedFrom, cut, sourceAfter, sourceTo, usageEvents, corrections, outcomes, counted } }: WalkedPartition): object => ({
  generation,
  partition,
  priced_from: pricedFrom,
  priced_sequence: cut,
  usage_from: sourceAfter + 1,
  usage_sequence: sourceTo,
  events: usageEvents.toString(),
  corrections: corrections.toString(),
  outcomes: outcomesJson(outcomes),
  rows: rows.toString(),
  cost_usd: formatUsd(counted.costPicoUsd),
});

const outcomesJson = (outcomes: readonly bigint[]): Record<string, string> => Object.fromEntries(OUTCOMES.map(([name, outcome]) => [name, (outcomes[outcome] ?? 0n).toString()]));

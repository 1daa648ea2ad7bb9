import { formatUsd } from '@ledgerline/kernel';
import { Outcome } from '@ledgerline/contracts';
import { table } from '../output/table.js';
import { describeDifference } from './difference.js';
import { type PartitionLedger } from './facts.js';
import { type AuditReport } from './run-audit.js';

const DIFFERENCES_SHOWN = 10;
const OUTCOMES = Object.entries(Outcome);

/** The report for people: a line per partition of what was walked, then the verdict. */
export function auditText(report: AuditReport): string {
  const { ledgers } = report;
  return [...(ledgers.length > 0 ? [ledgerTable(report)] : []), ...verdict(report), ...remarks(report)].join('\n');
}

function ledgerTable({ ledgers, stored }: AuditReport): string {
  const seen = OUTCOMES.filter(([, outcome]) => ledgers.some(({ outcomes }) => (outcomes[outcome] ?? 0n) > 0n));
  const corrected = ledgers.some(({ corrections }) => corrections > 0n);
  const head = ['partition', 'PRICED', 'USAGE', 'events', ...(corrected ? ['corrections'] : []), ...seen.map(([name]) => name), 'rows', 'cost USD'];
  const rows = ledgers.map((ledger) => [
    ledger.partition,
    span(ledger.pricedFrom, ledger.cut),
    span(ledger.sourceAfter + 1, ledger.sourceTo),
    ledger.usageEvents,
    ...(corrected ? [ledger.corrections] : []),
    ...seen.map(([, outcome]) => ledger.outcomes[outcome] ?? 0n),
    stored.get(ledger.partition)?.rows ?? 0n,
    formatUsd(ledger.counted.costPicoUsd),
  ]);
  return table(head, rows);
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
  const { coverage, baseline, sinceUs, differences, ledgers, storeProblem } = report;
  const copies = ledgers.reduce((sum, ledger) => sum + ledger.copies, 0);
  const lines: string[] = [];
  if (baseline) {
    const walked = ledgers.reduce((sum, { usageEvents, corrections }) => sum + usageEvents + corrections, 0n);
    lines.push(`Walked now: ${walked}. Before that: the baseline sealed at ${timeText(baseline.sealedAtUs)}, whose sums count.`);
    if (differences.length > 0) lines.push('`audit --full` walks the log from its beginning and looks at every row.');
  }
  if (coverage === 'range') {
    const why = sinceUs === undefined ? 'The log no longer begins at its beginning, and no baseline reaches to where it does' : `Only what was published since ${timeText(sinceUs)} was read`;
    lines.push(`${why}: quota sums and summaries, totals from the beginning, were not compared.`);
  }
  if (copies > 0) lines.push(`${copies} USAGE messages are trimmed; PRICED's own copy of them was decoded.`);
  if (storeProblem !== undefined) lines.push(`No baseline is kept (${storeProblem}): every run walks the whole log.`);
  return lines;
}

const timeText = (timeUs: number): string => new Date(Math.floor(timeUs / 1000)).toISOString();

/** The report for programs. Numbers that could pass 2^53 are decimal strings. */
export function auditJson(report: AuditReport): object {
  const { differences, coverage, total, ledgers, stored, baseline, sinceUs, sealed, storeProblem, lag } = report;
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
    partitions: ledgers.map((ledger) => partitionJson(ledger, stored.get(ledger.partition)?.rows ?? 0n)),
  };
}

/** What was walked of a partition. */
const partitionJson = ({ partition, pricedFrom, cut, sourceAfter, sourceTo, usageEvents, corrections, outcomes, counted }: PartitionLedger, rows: bigint): object => ({
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

import { formatUsd } from '@ledgerline/kernel';
import { Outcome } from '@ledgerline/contracts';
import { table } from '../output/table.js';
import { describeDifference } from './difference.js';
import { type AuditReport } from './run-audit.js';

const DIFFERENCES_SHOWN = 10;

/** The report for people: a line per partition, then the verdict. */
export function auditText({ ledgers, stored, differences }: AuditReport): string {
  const outcomes = Object.entries(Outcome);
  const head = ['partition', 'PRICED up to', 'USAGE up to', 'events', ...outcomes.map(([name]) => name), 'rows', 'cost USD'];
  const rows = ledgers.map((ledger) => [
    ledger.partition,
    ledger.cut,
    ledger.sourceTo,
    ledger.usageEvents,
    ...outcomes.map(([, outcome]) => ledger.outcomes[outcome]),
    stored.get(ledger.partition)?.sums.events ?? 0n,
    formatUsd(ledger.counted.costPicoUsd),
  ]);
  return [...(rows.length > 0 ? [table(head, rows)] : []), verdict({ ledgers, stored, differences })].join('\n');
}

function verdict({ ledgers, differences }: AuditReport): string {
  if (differences.length === 0) {
    const events = ledgers.reduce((sum, { usageEvents }) => sum + usageEvents, 0n);
    return `Exact: ${events} events agree in USAGE, PRICED, ClickHouse, the quota sums and the summaries.`;
  }
  const [first, ...others] = differences.slice(0, DIFFERENCES_SHOWN).map(describeDifference);
  const more = differences.length - 1 - others.length;
  return [`DIFFERENT: ${first}.`, ...others.map((text) => `  also: ${text}.`), ...(more > 0 ? [`  and ${more} more.`] : [])].join('\n');
}

/** The report for programs. Numbers that could pass 2^53 are decimal strings. */
export function auditJson({ ledgers, stored, differences }: AuditReport): string {
  return JSON.stringify({
    exact: differences.length === 0,
    differences,
    partitions: ledgers.map(({ partition, cut, sourceTo, usageEvents, outcomes, counted }) => ({
      partition,
      priced_sequence: cut,
      usage_sequence: sourceTo,
      events: usageEvents.toString(),
      outcomes: Object.fromEntries(Object.entries(Outcome).map(([name, outcome]) => [name, outcomes[outcome]!.toString()])),
      rows: (stored.get(partition)?.sums.events ?? 0n).toString(),
      cost_usd: formatUsd(counted.costPicoUsd),
    })),
  });
}

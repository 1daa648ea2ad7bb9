import { type LedgerReport } from './check-ledger.js';

const PROBLEMS_SHOWN = 20;

/** Whether every acknowledged event is there once, as what the ledger says. */
export const isBorneOut = ({ problems }: LedgerReport): boolean => problems.missing + problems.doubled + problems.different === 0;

/** The report for people. */
export function ledgerText(report: LedgerReport): string {
  const { acknowledged, passedOver, priced, unpriced, held, problems, first } = report;
  const kept = [...held].map(([why, count]) => `${count} ${why}`);
  const lines = [
    isBorneOut(report)
      ? `Ledger: all ${acknowledged} acknowledged events are there once: ${priced} priced, ${unpriced} unpriced${kept.length > 0 ? `; held back: ${kept.join(', ')}` : ''}.`
      : `LEDGER DIFFERS: of ${acknowledged} acknowledged events ${problems.missing} are missing, ${problems.doubled} doubled, ${problems.different} are not what it says.`,
    ...first.slice(0, PROBLEMS_SHOWN).map(({ line, usageId, detail }) => `  line ${line}: ${usageId} ${detail}`),
  ];
  const more = problems.missing + problems.doubled + problems.different - PROBLEMS_SHOWN;
  if (more > 0) lines.push(`  and ${more} more.`);
  if (passedOver > 0) lines.push(`${passedOver} lines of events that were not acknowledged were passed over.`);
  return lines.join('\n');
}

/** The report for programs. */
export const ledgerJson = (report: LedgerReport): object => ({
  exact: isBorneOut(report),
  acknowledged: report.acknowledged,
  passed_over: report.passedOver,
  priced: report.priced,
  unpriced: report.unpriced,
  held: Object.fromEntries(report.held),
  ...report.problems,
  first: report.first.map(({ line, usageId, kind, detail }) => ({ line, usage_id: usageId, kind, detail })),
});

import { table } from '../output/table.js';
import { type Finding, type Status } from './finding.js';

const WORDS: Readonly<Record<Status, string>> = { ok: 'ok', warn: 'WARN', fail: 'FAIL', skipped: '-' };

/** The report for people: a table of all checks, then what to do about those that are not ok. */
export function doctorText(findings: readonly Finding[]): string {
  const rows = findings.map(({ area, check, status, found }) => [WORDS[status], area, check, found]);
  const advised = findings.filter(({ advice }) => advice !== undefined).map(({ status, area, check, advice }) => `${WORDS[status]} ${area}, ${check}: ${advice}`);
  const count = (status: Status): number => findings.filter((finding) => finding.status === status).length;
  const verdict = `${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} wrong${count('skipped') > 0 ? `, ${count('skipped')} not checked` : ''}.`;
  return [table(['', 'what', 'check', 'found'], rows), ...advised, verdict].join('\n');
}

/** The report for programs. */
export const doctorJson = (findings: readonly Finding[]): string => JSON.stringify({ ok: !findings.some(({ status }) => status === 'fail'), checks: findings });

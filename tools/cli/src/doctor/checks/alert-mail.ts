import { type Findings } from '../finding.js';

/** What the metrics of the alerting service say of its mails: whether there are any, whether the server takes them, and what was given up. */
export function reportAlertMail(findings: Findings, metrics: string): void {
  const reachable = valueOf(metrics, /^ledgerline_alert_mail_reachable(?:\{[^}]*\})? (\d+)/m);
  const waiting = valueOf(metrics, /^ledgerline_alert_mails\{[^}]*state="waiting"[^}]*\} (\d+)/m) ?? 0;
  const failed = valueOf(metrics, /^ledgerline_alert_mails\{[^}]*state="failed"[^}]*\} (\d+)/m) ?? 0;
  const found = `${waiting} waiting, ${failed} given up`;
  if (reachable === undefined) findings.ok('alert mails', 'not configured');
  else if (reachable === 0) findings.warn('alert mails', `the mail server does not take them: ${found}`, "See the alerting service's log for what it said, and SMTP_URL.");
  else findings.ok('alert mails', `the mail server answers: ${found}`);
}

function valueOf(metrics: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(metrics)?.[1];
  return found === undefined ? undefined : Number(found);
}

import { describe, expect, it } from '@jest/globals';
import { Findings } from '../finding.js';
import { reportAlertMail } from './alert-mail.js';

const counts = 'ledgerline_alert_mails{state="waiting",otel_scope_name="x"} 2\nledgerline_alert_mails{state="sent",otel_scope_name="x"} 40\nledgerline_alert_mails{state="failed",otel_scope_name="x"} 3\n';

function found(metrics: string): object {
  const findings = new Findings('services');
  reportAlertMail(findings, metrics);
  expect(findings.list).toHaveLength(1);
  return findings.list[0]!;
}

describe('what the doctor says of mails about alerts', () => {
  it.each([
    ['', { status: 'ok', found: 'not configured' }],
    [counts, { status: 'ok', found: 'not configured' }],
    [`${counts}ledgerline_alert_mail_reachable{otel_scope_name="x"} 1\n`, { status: 'ok', found: 'the mail server answers: 2 waiting, 3 given up' }],
    [`${counts}ledgerline_alert_mail_reachable 0\n`, { status: 'warn', found: 'the mail server does not take them: 2 waiting, 3 given up', advice: expect.stringContaining('SMTP_URL') }],
  ])('is what the metrics say (%#)', (metrics, expected) => {
    expect(found(metrics)).toMatchObject({ check: 'alert mails', ...expected });
  });
});

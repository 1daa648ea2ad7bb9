import { describe, expect, it } from '@jest/globals';
import { ConfigError, loadConfig } from '@ledgerline/service-kit';
import { alertingConfig } from './config.js';

const base = { PORT: '0', DATABASE_URL: 'postgres://u:p@127.0.0.1/x' };
const mails = { SMTP_URL: 'smtps://u:hunter2@mail.example.com', ALERT_EMAIL_FROM: 'Ledgerline <alerts@example.com>', ALERT_EMAIL_TO: 'a@example.com, b@example.com' };

function problemsOf(env: Record<string, string>): string[] {
  try {
    loadConfig(alertingConfig, { ...base, ...env });
    return [];
  } catch (error) {
    expect(String(error)).not.toContain('hunter2');
    return (error as ConfigError).problems.map(({ variable }) => variable);
  }
}

describe('mails about alerts', () => {
  it('are off without an SMTP_URL, whatever else is there', () => {
    expect(loadConfig(alertingConfig, base).SMTP_URL).toBeUndefined();
    expect(problemsOf({ ALERT_EMAIL_TO: 'a@example.com' })).toEqual([]);
  });

  it('go from somebody to everybody who is named', () => {
    expect(loadConfig(alertingConfig, { ...base, ...mails })).toMatchObject({ ALERT_EMAIL_FROM: mails.ALERT_EMAIL_FROM, ALERT_EMAIL_TO: ['a@example.com', 'b@example.com'] });
  });

  it.each([
    [{ ...mails, ALERT_EMAIL_FROM: '' }, ['ALERT_EMAIL_FROM']],
    [{ ...mails, ALERT_EMAIL_TO: ' , ' }, ['ALERT_EMAIL_TO']],
    [{ ...mails, ALERT_EMAIL_TO: 'a@example.com, b' }, ['ALERT_EMAIL_TO']],
    [{ ...mails, ALERT_EMAIL_FROM: 'Ledgerline <alerts>' }, ['ALERT_EMAIL_FROM']],
    [{ ...mails, ALERT_EMAIL_FROM: 'a@example.com\r\nBcc: b@example.com' }, ['ALERT_EMAIL_FROM']],
    [{ ...mails, SMTP_URL: 'hunter2' }, ['SMTP_URL']],
    [{ ...mails, SMTP_URL: 'http://u:hunter2@mail.example.com' }, ['SMTP_URL']],
    [{ ...mails, SMTP_URL: 'smtp://' }, ['SMTP_URL']],
  ])('are refused at the start with the variable that is wrong or missing (%#)', (env, problems) => {
    expect(problemsOf(env)).toEqual(problems);
  });
});

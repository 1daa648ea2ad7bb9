import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { call, eventually } from '@ledgerline/testing';
import { AlertingFixture } from './alerting-fixture.js';
import { MailServer } from './mail-server.js';

const FROM = 'Ledgerline <alerts@example.com>';
const TO = 'ops@example.com, billing@example.com';
const server = new MailServer();
let alerting: AlertingFixture;

/** The environment that mails need, tried often and not for long. */
const mailing = (password?: string) => ({ SMTP_URL: server.url(password), ALERT_EMAIL_FROM: FROM, ALERT_EMAIL_TO: TO, ALERT_EMAIL_RETRY_MS: '50' });

beforeAll(async () => {
  await server.start();
  alerting = await AlertingFixture.start({ LEASE_TTL_MS: '1000' });
});
afterAll(async () => {
  await alerting?.end();
  await server.stop();
});

/** In place of whatever runs, one copy. */
async function restart(env: Record<string, string>, end: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
  logged += alerting.log();
  for (const copy of alerting.running.splice(0)) {
    copy.kill(end);
    await copy.stop();
  }
  await alerting.startCopy(env);
}
let logged = '';
const everythingLogged = (): string => logged + alerting.log();

const cross = async (customer: string, more = {}): Promise<void> => {
  await alerting.tell({ customer, kind: 'crossed', atMs: Date.now(), ...more });
  await alerting.settled();
};
const outbox = async (customer: string) =>
  (await alerting.sql.query(`select state, attempts, last_error from alerting.mail_outbox where about->>'customerId' = $1`, [customer])).rows as { state: string; attempts: number; last_error: string | null }[];
const reached = (customer: string, state: string) => eventually(async () => expect(await outbox(customer)).toMatchObject([{ state }]), { timeoutMs: 15_000 });
const metrics = async (): Promise<string> => (await fetch(`${alerting.url}/metrics`)).text();
const mailsOf = (customer: string) => server.mails.filter(({ body }) => body.includes(`Customer  ${customer}\r\n`) || body.includes(`(${customer})\r\n`));

describe('mails about alerts', () => {
  beforeEach(() => {
    server.onReceived = () => undefined;
  });

  it('are about nothing that was raised before they were configured, also when it is read only then', async () => {
    await cross('early');
    const beforeItWasConfigured = Date.now();
    await restart(mailing());
    await alerting.tell({ customer: 'read-later', kind: 'crossed', atMs: beforeItWasConfigured });
    await alerting.settled();
    await cross('told');
    await reached('told', 'sent');
    expect(server.subjects()).toEqual(['told has used 80 % of its monthly limit of 1,000,000 tokens']);
    expect([...(await outbox('early')), ...(await outbox('read-later'))]).toEqual([]);
  });

  it('go to everybody who is named, once for an alert, with text and HTML, and a Message-ID made of the alert', async () => {
    await call(alerting.accounts.service.url, 'POST', '/v1/customers', { customer_id: 'acme', name: 'Acme & Sons' });
    await cross('acme');
    await reached('acme', 'sent');
    const [mail, ...more] = mailsOf('acme');
    const [{ id }] = (await alerting.alertsOf('acme')) as [{ id: string }];
    expect(more).toEqual([]);
    expect(mail).toMatchObject({ from: 'alerts@example.com', to: ['ops@example.com', 'billing@example.com'] });
    expect(Object.fromEntries(mail!.headers)).toMatchObject({
      subject: 'Acme & Sons has used 80 % of its monthly limit of 1,000,000 tokens',
      from: FROM,
      'message-id': `<${id}@example.com>`,
      'auto-submitted': 'auto-generated',
      'content-type': expect.stringMatching(/^multipart\/alternative/),
    });
    for (const part of ['Customer  Acme & Sons (acme)', '1,000,000 tokens a month, of openai', '800,001 tokens', 'November 2023', 'Acme &amp; Sons (acme)']) expect(mail!.body).toContain(part);
  });

  it('are about an hour in which much was held back, too', async () => {
    await alerting.tellGrowth(1_204, Date.parse('2023-11-20T14:00:00Z'), { atMs: Date.now() });
    await eventually(() => expect(server.subjects()).toContain('1,204 events were held back within an hour'));
  });

  it('are not sent again when the decision comes again, or the alert is reopened, or all alerts are recorded anew', async () => {
    const atMs = Date.now();
    await cross('again', { atMs });
    await reached('again', 'sent');
    await cross('again', { atMs });
    await alerting.tell({ customer: 'again', kind: 'uncrossed', atMs: Date.now() });
    await cross('again', { number: 2 });
    expect(await alerting.alertsOf('again')).toMatchObject([{ status: 'active', reopened_count: 1 }]);
    expect(await alerting.rebuild()).toContain('agreed');
    await cross('behind-again');
    await reached('behind-again', 'sent');
    expect(mailsOf('again')).toHaveLength(1);
  });

  it('wait while the server is away, through a kill of the service, and are sent once when it is back', async () => {
    await server.stop();
    await cross('patient');
    await eventually(async () => expect((await outbox('patient'))[0]!.attempts).toBeGreaterThan(1), { timeoutMs: 15_000 });
    expect(await metrics()).toMatch(/ledgerline_alert_mails\{[^}]*state="waiting"[^}]*\} 1\n/);
    expect(await metrics()).toMatch(/ledgerline_alert_mail_reachable(\{[^}]*\})? 0\n/);
    await restart(mailing(), 'SIGKILL');
    expect(await outbox('patient')).toMatchObject([{ state: 'waiting', last_error: expect.stringContaining('ECONNREFUSED') }]);
    await server.start();
    await reached('patient', 'sent');
    await restart(mailing());
    await cross('behind-patient');
    await reached('behind-patient', 'sent');
    expect(mailsOf('patient')).toHaveLength(1);
    await eventually(async () => expect(await metrics()).toMatch(/ledgerline_alert_mail_reachable(\{[^}]*\})? 1\n/));
  });

  it('are sent a second time, with the Message-ID that they had, when the service is killed before it could mark them', async () => {
    server.onReceived = async () => {
      server.onReceived = () => undefined;
      alerting.running[0]!.kill('SIGKILL');
      await alerting.running[0]!.exited;
    };
    await alerting.tell({ customer: 'killed', kind: 'crossed', atMs: Date.now() });
    await eventually(() => expect(mailsOf('killed')).toHaveLength(1));
    await restart(mailing());
    await reached('killed', 'sent');
    const ids = mailsOf('killed').map(({ headers }) => headers.get('message-id'));
    expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
  });

  it('are sent by one of two copies, and by the other when that is killed', async () => {
    await alerting.startCopy(mailing());
    for (let n = 0; n < 5; n++) await cross(`shared-${n}`);
    await eventually(() => expect(server.subjects().filter((subject) => subject.startsWith('shared-'))).toHaveLength(5), { timeoutMs: 15_000 });
    alerting.running[0]!.kill('SIGKILL');
    await cross('after-the-kill');
    await reached('after-the-kill', 'sent');
    expect(server.subjects().filter((subject) => subject.startsWith('shared-'))).toHaveLength(5);
  });

  it('are given up after their time, which is seen in log and metrics; and no log has the password, right or wrong, nor has the database', async () => {
    const wrong = 'wr%ng pass/word';
    await restart({ ...mailing(wrong), ALERT_EMAIL_GIVE_UP_MS: '300', LOG_LEVEL: 'trace' });
    await cross('refused');
    await reached('refused', 'failed');
    expect((await outbox('refused'))[0]!.last_error).toBe(`EAUTH: Invalid login: 535 no login for ${MailServer.USER} with [redacted]`);
    await eventually(async () => expect(await metrics()).toMatch(/ledgerline_alert_mails\{[^}]*state="failed"[^}]*\} 1\n/));
    const given = alerting.log().split('\n').filter((line) => line.includes('mail about an alert given up'));
    expect(given.map((line) => (JSON.parse(line) as { level: number }).level)).toEqual([50]);
    for (const password of [wrong, MailServer.PASSWORD]) {
      for (const form of [password, encodeURIComponent(password), Buffer.from(`\0${MailServer.USER}\0${password}`).toString('base64'), Buffer.from(password).toString('base64')]) {
        expect(everythingLogged()).not.toContain(form);
        expect(JSON.stringify((await alerting.sql.query('select * from alerting.mail_outbox')).rows)).not.toContain(form);
      }
    }
  });

  it('that waited when mails were turned off are not sent when they are on again', async () => {
    await server.stop();
    await restart(mailing());
    await cross('turned-off');
    await reached('turned-off', 'waiting');
    await restart({});
    await reached('turned-off', 'failed');
    await cross('while-off');
    await server.start();
    await restart(mailing());
    await cross('on-again');
    await reached('on-again', 'sent');
    expect([...mailsOf('turned-off'), ...mailsOf('while-off')]).toEqual([]);
  });
});

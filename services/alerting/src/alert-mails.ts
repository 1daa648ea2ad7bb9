import { type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { type Clock } from '@ledgerline/kernel';
import { LeaseManager } from '@ledgerline/postgres';
import { type Meter } from '@opentelemetry/api';
import { type Kysely } from 'kysely';
import { type Pool } from 'pg';
import { type Logger } from 'pino';
import { type AlertingDatabase } from './adapters/alerting-database.js';
import { endMails, mailsSince, PostgresMailOutbox, PublishedCustomerNames } from './adapters/postgres-mail-outbox.js';
import { SmtpMailer } from './adapters/smtp-mailer.js';
import { DeliverMails, type DeliveryOutcome, type WaitingMail } from './application/deliver-mails.js';
import { MailWorker } from './application/mail-worker.js';
import { type MailTerms } from './application/record-alerts.js';
import { type AlertingConfig } from './config.js';

const LEASE_SCOPE = 'mails';

export interface MailParts {
  readonly config: AlertingConfig;
  readonly db: Kysely<AlertingDatabase>;
  readonly pool: Pool;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
}

/** Mails about raised alerts, put together; nothing at all without an SMTP_URL. */
export class AlertMails implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private constructor(
    /** What is told from when on; undefined: nobody is told. */
    readonly terms: MailTerms | undefined,
    private readonly worker: MailWorker | undefined,
  ) {}

  static async open(parts: MailParts): Promise<AlertMails> {
    const { config, db, clock, meter } = parts;
    const { SMTP_URL: url, ALERT_EMAIL_FROM: from, ALERT_EMAIL_TO: to } = config;
    const outbox = new PostgresMailOutbox(db);
    meter.createObservableGauge('ledgerline_alert_mails', { description: 'Mails about alerts by what became of them' }).addCallback(async (result) => {
      for (const [state, count] of Object.entries(await outbox.counts())) result.observe(count, { state });
    });
    if (url === undefined || from === undefined) {
      await endMails(db, clock.nowMs());
      return new AlertMails(undefined, undefined);
    }
    const mailer = new SmtpMailer({ url, from, to });
    meter
      .createObservableGauge('ledgerline_alert_mail_reachable', { description: 'Whether the mail server answered as it should when it was asked last; not there without one' })
      .addCallback((result) => {
        if (mailer.reachable !== undefined) result.observe(mailer.reachable ? 1 : 0);
      });
    return new AlertMails({ sinceUs: await mailsSince(db, clock.nowMs()), clock }, workerOf(parts, outbox, mailer));
  }

  wake(): void {
    this.worker?.wake();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.worker?.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.worker?.stop();
  }
}

function workerOf({ config, db, pool, clock, logger, meter }: MailParts, outbox: PostgresMailOutbox, mailer: SmtpMailer): MailWorker {
  const attempts = meter.createCounter('ledgerline_alert_mail_attempts', { description: 'Attempts to send a mail about an alert, by how they ended' });
  const onOutcome = (outcome: DeliveryOutcome, { alertId, attempts: before }: WaitingMail, reason?: string): void => {
    attempts.add(1, { outcome });
    const about = { alertId, attempts: before + 1, reason };
    if (outcome === 'sent') logger.info(about, 'mail about an alert sent');
    else if (outcome === 'postponed') logger.warn(about, 'mail about an alert not taken; it is tried again');
    else logger.error(about, 'mail about an alert given up');
  };
  const retry = { firstPauseMs: config.ALERT_EMAIL_RETRY_MS, giveUpMs: config.ALERT_EMAIL_GIVE_UP_MS };
  return new MailWorker({
    deliverMails: new DeliverMails({ outbox, mailer, names: new PublishedCustomerNames(db), clock, retry, onOutcome }),
    lease: new LeaseManager({ pool, schema: 'alerting', scope: LEASE_SCOPE, units: 1, instanceId: config.INSTANCE_ID, ttlMs: config.LEASE_TTL_MS, logger }),
    checkServer: () => mailer.check(performance.now()),
    pauseMs: config.ALERT_EMAIL_RETRY_MS,
    logger,
  });
}

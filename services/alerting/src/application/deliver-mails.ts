import { type Clock } from '@ledgerline/kernel';
import { alertMail, type MailText } from './alert-mail.js';
import { type AlertNews } from './alert-news.js';
import { nextAttemptMs, type RetryTerms } from './mail-retry.js';

/** A mail that is to be sent. */
export interface WaitingMail {
  readonly alertId: string;
  readonly news: AlertNews;
  /** How often it was tried before. */
  readonly attempts: number;
  readonly queuedAtMs: number;
}

export interface MailOutbox {
  /** The one that has been due for longest. */
  due(nowMs: number): Promise<WaitingMail | undefined>;
  /** Counts an attempt; false when another copy has done so. */
  begin(mail: WaitingMail): Promise<boolean>;
  sent(alertId: string, atMs: number): Promise<void>;
  postpone(alertId: string, untilMs: number, reason: string): Promise<void>;
  fail(alertId: string, atMs: number, reason: string): Promise<void>;
}

/** The mail server said no, or nothing. The message may be shown: no secret is in it. */
export class MailError extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = 'MailError';
  }
}

export interface Mailer {
  /** Resolves when the server has taken it. @throws MailError */
  send(alertId: string, text: MailText): Promise<void>;
}

export interface CustomerNames {
  /** What people call a customer; null when nobody said. */
  nameOf(customerId: string): Promise<string | null>;
}

export type DeliveryOutcome = 'sent' | 'postponed' | 'failed';

export interface DeliveryOptions {
  readonly outbox: MailOutbox;
  readonly mailer: Mailer;
  readonly names: CustomerNames;
  readonly clock: Clock;
  readonly retry: RetryTerms;
  readonly onOutcome: (outcome: DeliveryOutcome, mail: WaitingMail, reason?: string) => void;
}

/**
 * Sends the mails that are due, one after another. A mail is marked when the server has taken it: killed in between, it is sent a second time,
 * with the Message-ID that it had.
 */
export class DeliverMails {
  constructor(private readonly options: DeliveryOptions) {}

  /** Returns true when nothing more is due; false after a failure: the server is given a pause. */
  async execute(mayGoOn: () => boolean): Promise<boolean> {
    const { outbox, clock } = this.options;
    while (mayGoOn()) {
      const mail = await outbox.due(clock.nowMs());
      if (mail === undefined) break;
      if ((await outbox.begin(mail)) && !(await this.deliver(mail))) return false;
    }
    return true;
  }

  private async deliver(mail: WaitingMail): Promise<boolean> {
    const { outbox, mailer, names, clock, retry, onOutcome } = this.options;
    const { alertId, news } = mail;
    const name = news.kind === 'quota_threshold' ? await names.nameOf(news.customerId) : null;
    try {
      await mailer.send(alertId, alertMail(alertId, news, name));
    } catch (error) {
      if (!(error instanceof MailError)) throw error;
      const nowMs = clock.nowMs();
      const next = nextAttemptMs({ attempts: mail.attempts + 1, queuedAtMs: mail.queuedAtMs, nowMs }, retry);
      if (next === undefined) await outbox.fail(alertId, nowMs, error.message);
      else await outbox.postpone(alertId, next, error.message);
      onOutcome(next === undefined ? 'failed' : 'postponed', mail, error.message);
      return false;
    }
    await outbox.sent(alertId, clock.nowMs());
    onOutcome('sent', mail);
    return true;
  }
}

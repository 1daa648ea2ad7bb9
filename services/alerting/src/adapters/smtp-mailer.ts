import { createTransport } from 'nodemailer';
import { type MailText } from '../application/alert-mail.js';
import { MailError, type Mailer } from '../application/deliver-mails.js';
import { failureText } from './mail-failure.js';

export interface SmtpOptions {
  /** `smtp://` or `smtps://`, with user and password; options of the connection as its query. */
  readonly url: string;
  readonly from: string;
  readonly to: readonly string[];
}

/** A server that does not answer is as good as away. */
const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000, dnsTimeout: 10_000 };
/** How long it is believed what the server was like when it was asked last. */
const CHECK_EVERY_MS = 60_000;
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Mails to the operator, over SMTP. */
export class SmtpMailer implements Mailer {
  /** Whether the server took what it got last; undefined before it was asked. */
  reachable: boolean | undefined;
  private readonly transport;
  private checkedAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: SmtpOptions) {
    // No message makes it read a file or fetch an address, and no option of the address makes it write down what it says to the server.
    this.transport = createTransport({ url: withPrivacy(options.url), disableFileAccess: true, disableUrlAccess: true, logger: false, debug: false, ...TIMEOUTS });
  }

  async send(alertId: string, text: MailText): Promise<void> {
    const { from, to } = this.options;
    // The same for every copy of the mail, so that clients show one that was sent twice once.
    const messageId = `<${alertId}@${domainOf(from)}>`;
    // RFC 3834: nobody's absence is to be answered to it.
    await this.tell(() => this.transport.sendMail({ from, to: [...to], messageId, ...text, headers: { 'Auto-Submitted': 'auto-generated' } }));
  }

  /** Logs in and sends nothing, when the last answer was bad or there is none. Throws nothing: `reachable` says. @param nowMs of a steady clock */
  async check(nowMs: number): Promise<void> {
    if (this.reachable === true || nowMs - this.checkedAtMs < CHECK_EVERY_MS) return;
    this.checkedAtMs = nowMs;
    await this.tell(() => this.transport.verify()).catch(() => undefined);
  }

  private async tell(ask: () => Promise<unknown>): Promise<void> {
    try {
      await ask();
      this.reachable = true;
    } catch (error) {
      this.reachable = false;
      throw new MailError(failureText(error, this.options.url));
    }
  }
}

/** A password leaves this machine encrypted, unless the address says `?requireTLS=false`. */
export function withPrivacy(text: string): string {
  const url = new URL(text);
  if (url.protocol === 'smtp:' && url.password !== '' && !LOOPBACK.test(url.hostname) && !url.searchParams.has('requireTLS')) url.searchParams.set('requireTLS', 'true');
  return url.href;
}

/** Of `alerts@example.com` or `Ledgerline <alerts@example.com>`. */
const domainOf = (from: string): string => /@([^@\s>]+)>?$/.exec(from)![1]!;

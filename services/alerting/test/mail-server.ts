import { SMTPServer } from 'smtp-server';
import { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** By name in lower case, unfolded. */
  readonly headers: ReadonlyMap<string, string>;
  /** Its parts, decoded. */
  readonly body: string;
}

/** A real SMTP server that asks for a login and keeps what it gets. */
export class MailServer {
  static readonly USER = 'ledgerline';
  static readonly PASSWORD = 'p@ss/word of the mail server';
  readonly mails: ReceivedMail[] = [];
  /** Called when a mail is there whole, before the server says so. */
  onReceived: () => Promise<void> | void = () => undefined;
  private server: SMTPServer | undefined;
  private port = 0;

  /** Listens; again on the same port after `stop`. */
  async start(): Promise<void> {
    const server = new SMTPServer({
      // Its own certificate is signed by nobody.
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      logger: false,
      onAuth: ({ username, password }, _session, done) => {
        if (username === MailServer.USER && password === MailServer.PASSWORD) done(null, { user: username });
        // As the worst server would answer.
        else done(new Error(`no login for ${username} with ${password}`));
      },
      onData: (stream, { envelope }, done) => {
        const receive = async (): Promise<void> => {
          const raw = await text(stream);
          this.mails.push({ from: envelope.mailFrom === false ? '' : envelope.mailFrom.address, to: envelope.rcptTo.map(({ address }) => address), headers: headersOf(raw), body: bodyOf(raw) });
          await this.onReceived();
        };
        receive().then(() => done(), done);
      },
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    // Clients that are killed in mid-sentence are no news.
    server.on('error', () => undefined);
    this.server = server;
    this.port = (server.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server !== undefined) await new Promise<void>((resolve) => server.close(resolve));
  }

  url(password = MailServer.PASSWORD): string {
    return `smtp://${MailServer.USER}:${encodeURIComponent(password)}@127.0.0.1:${this.port}`;
  }

  /** Of all mails so far. */
  subjects(): string[] {
    return this.mails.map(({ headers }) => headers.get('subject')!);
  }
}

/** Of quoted-printable parts. */
function bodyOf(raw: string): string {
  const bytes = raw.slice(raw.indexOf('\r\n\r\n')).replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}

function headersOf(raw: string): Map<string, string> {
  const head = raw.slice(0, raw.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ');
  return new Map(head.split('\r\n').map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
}

import { connect, type Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');

/** An answer, with only what a load generator looks at. */
export interface Answer {
  readonly status: number;
  /** Seconds of `Retry-After`, 0 without one. */
  readonly retryAfterS: number;
  readonly body: Buffer;
}

/**
 * One HTTP/1.1 keep-alive connection with one request at a time, on a bare socket: a generator that shares the
 * machine with what it measures must cost next to nothing itself. Reads answers with a Content-Length.
 */
export class HttpConnection {
  private received: Buffer = Buffer.alloc(0);
  private waiting?: { resolve: (answer: Answer) => void; reject: (error: Error) => void };

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.onData(chunk));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('the server closed the connection')));
  }

  static open(port: number): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.removeListener('error', reject);
        resolve(new HttpConnection(socket));
      });
    });
  }

  /** Writes head and body as they are; the body must not change until the answer is there. */
  request(head: Buffer, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket.cork();
      this.socket.write(head);
      this.socket.write(body);
      this.socket.uncork();
    });
  }

  close(): void {
    this.waiting = undefined;
    this.socket.destroy();
  }

  private onData(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const headEnd = this.received.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const head = this.received.toString('latin1', 0, headEnd);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (Number.isNaN(length)) return this.fail(new Error(`an answer without Content-Length: ${head.slice(0, 200)}`));
    const end = headEnd + HEAD_END.length + length;
    if (this.received.length < end) return;
    const answer: Answer = {
      status: Number(head.slice(9, 12)),
      retryAfterS: Number(/\r\nretry-after: *(\d+)/i.exec(head)?.[1] ?? 0),
      body: this.received.subarray(headEnd + HEAD_END.length, end),
    };
    this.received = this.received.subarray(end);
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.resolve(answer);
  }

  private fail(error: Error): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.reject(error);
  }
}

/** The head of a POST whose body always has the same length. */
export const requestHead = (path: string, key: string, contentLength: number): Buffer =>
  Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nPrefer: return=minimal\r\nContent-Length: ${contentLength}\r\n\r\n`,
  );

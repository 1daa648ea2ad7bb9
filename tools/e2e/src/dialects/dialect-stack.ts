import { type LocalStack, startLocalStack } from '../local-stack.js';

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

interface KeyWishes {
  readonly customer?: string;
  readonly user?: string;
  readonly scopes?: readonly string[];
}

/** A whole stack, and what a program that speaks a dialect needs of it. */
export class DialectStack {
  private keys = 0;

  private constructor(readonly stack: LocalStack) {}

  static async start(): Promise<DialectStack> {
    return new DialectStack(await startLocalStack());
  }

  /** A key, made with the command line. */
  async key({ customer, user, scopes = ['ingest', 'read'] }: KeyWishes = {}): Promise<string> {
    const of = [...(customer === undefined ? [] : ['--customer', customer]), ...(user === undefined ? [] : ['--user', user])];
    const { code, output } = await this.stack.cli('keys', 'create', '--name', `key-${this.keys++}`, ...of, '--scope', ...scopes, '--json');
    if (code !== 0) throw new Error(output);
    return (JSON.parse(output) as { key: string }).key;
  }

  async send<T = Record<string, unknown>>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer<T>> {
    const answer = await fetch(`${this.stack.url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, body: (text === '' ? null : JSON.parse(text)) as T };
  }

  async dispose(): Promise<void> {
    await this.stack.dispose();
  }
}

export const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
export const apiKey = (key: string): Record<string, string> => ({ 'x-api-key': key });

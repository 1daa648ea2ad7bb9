import { Agent, request as httpRequest } from 'node:http';
import { type Answer } from '../conformance.js';
import { type RoleName } from './belongings.js';
import { type FuzzRequest } from './fuzz-request.js';

const PATIENCE_MS = 30_000;

/** Sends requests as they are, over connections that are kept. */
export class Sender {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 8 });

  constructor(
    private readonly base: string,
    private readonly keys: Readonly<Record<RoleName, string>>,
  ) {}

  /** Rejects when there is no answer. */
  send({ role, method, target, headers, body }: FuzzRequest): Promise<Answer> {
    const { hostname, port } = new URL(this.base);
    const all = [...(role === 'nobody' ? [] : [['x-api-key', this.keys[role]] as const]), ...headers, ...(body === null ? [] : [['content-length', String(body.length)] as const])];
    return new Promise((resolve, reject) => {
      // Flat, as Node takes headers that come more than once.
      const request = httpRequest({ agent: this.agent, hostname, port, method, path: target, headers: ['host', `${hostname}:${port}`, ...all.flat()] as never, timeout: PATIENCE_MS }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, contentType: response.headers['content-type'] ?? '', text: Buffer.concat(chunks).toString('utf8') }));
        response.on('error', reject);
      });
      request.on('timeout', () => request.destroy(new Error(`no answer within ${PATIENCE_MS} ms`)));
      request.on('error', reject);
      request.end(body ?? undefined);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { generateLoad, LoadError } from './generate-load.js';
import { type LoadJob } from './job.js';

interface Event {
  id: string;
  usage: { input_tokens: number; output_tokens: number };
}

let server: Server;
afterEach(() => new Promise((resolve) => server.close(resolve)));

/** A server that keeps what it accepted; `status` may refuse the n-th request. */
async function accepting(status: (request: number) => number = () => 202): Promise<{ port: number; events: Event[] }> {
  const events: Event[] = [];
  let requests = 0;
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const answer = status(++requests);
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Event | Event[];
      if (answer === 202) events.push(...(Array.isArray(body) ? body : [body]));
      response.writeHead(answer, { 'content-length': 2 }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, events };
}

const job = (port: number, more: Partial<LoadJob> = {}): LoadJob => ({ port, path: '/v1/events', key: 'k', run: 'spec', batchSize: 50, customers: 100, connections: 8, events: 5_000, ...more });
const sum = (events: Event[], name: 'input_tokens' | 'output_tokens'): number => events.reduce((total, { usage }) => total + usage[name], 0);

describe('the load generator', () => {
  it('sends exactly the events asked for, each id once, and reports their exact token sums', async () => {
    const { port, events } = await accepting();
    const report = await generateLoad(job(port));
    expect(report).toMatchObject({ accepted: 5_000, requests: 100, retries: 0, inputTokens: sum(events, 'input_tokens'), outputTokens: sum(events, 'output_tokens') });
    expect(new Set(events.map(({ id }) => id)).size).toBe(5_000);
  });

  it('sends a refused batch again with the same ids and counts it once', async () => {
    const { port, events } = await accepting((request) => (request % 7 === 3 ? 503 : 202));
    const report = await generateLoad(job(port, { events: 1_000 }));
    expect(report.retries).toBeGreaterThan(0);
    expect(new Set(events.map(({ id }) => id)).size).toBe(1_000);
    expect(events).toHaveLength(1_000);
    expect(report.inputTokens).toBe(sum(events, 'input_tokens'));
  });

  it('sends single events as objects', async () => {
    const { port, events } = await accepting();
    const report = await generateLoad(job(port, { batchSize: 1, events: 300, connections: 64 }));
    expect(report.accepted).toBe(300);
    expect(new Set(events.map(({ id }) => id)).size).toBe(300);
  });

  it('measures nothing when an event is not accepted', async () => {
    const { port } = await accepting((request) => (request === 5 ? 207 : 202));
    await expect(generateLoad(job(port))).rejects.toThrow(LoadError);
  });
});

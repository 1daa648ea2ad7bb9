import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SERVICES, type ServiceName } from '../parts.js';
import { createEdge } from './create-edge.js';
import { securityHeaders } from './security-headers.js';

interface Seen {
  service: string;
  method: string;
  url: string;
  encoding: string | undefined;
  bytes: number;
  digest: string;
}

/** Answers with what it got, so that a test sees what the edge made of a request. */
async function echo(service: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.headers['x-refuse'] !== undefined) {
    response.writeHead(413, { 'content-type': 'application/problem+json' }).end('{"status":413}');
    request.resume();
    return;
  }
  if (request.headers['x-break'] !== undefined) {
    response.writeHead(200, { 'content-type': 'text/csv' }).write('a,b\r\n', () => response.destroy());
    return;
  }
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  const { method = '', url = '', headers } = request;
  const seen: Seen = { service, method, url, encoding: headers['content-encoding'], bytes, digest: hash.digest('hex') };
  response.setHeader('content-type', 'application/json').end(JSON.stringify(seen));
}

describe('the edge', () => {
  const upstreams: Server[] = [];
  const addresses = {} as Record<ServiceName, string>;
  let edge: Server;
  let base: string;

  beforeAll(async () => {
    for (const name of SERVICES) {
      const server = createServer((request, response) => void echo(name, request, response).catch(() => response.destroy()));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      addresses[name] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      upstreams.push(server);
    }
    // Nobody is there: its server is gone, its address is known.
    await new Promise((resolve) => upstreams[SERVICES.indexOf('alerting')]?.close(resolve));
    edge = createEdge(addresses, { hstsMaxAgeS: 3600 });
    await new Promise<void>((resolve) => edge.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(edge.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    for (const server of [edge, ...upstreams]) {
      server.closeAllConnections();
      server.close();
    }
  });

  const ask = async (path: string, init?: RequestInit): Promise<Seen> => (await (await fetch(`${base}${path}`, init)).json()) as Seen;

  it('hands each request to the service that answers it, query and all', async () => {
    expect(await ask('/v1/events?customer_id=a%2Fb&cursor=x', { method: 'GET' })).toMatchObject({ service: 'read-api', url: '/v1/events?customer_id=a%2Fb&cursor=x' });
    expect(await ask('/v1/events', { method: 'POST', body: '{}' })).toMatchObject({ service: 'ingest', method: 'POST' });
    expect(await ask('/v1/quotas/q-1', { method: 'PUT', body: '{}' })).toMatchObject({ service: 'quota', method: 'PUT', url: '/v1/quotas/q-1' });
    expect(await ask('/v1/keys/k-1', { method: 'DELETE' })).toMatchObject({ service: 'accounts', method: 'DELETE' });
  });

  it.each(['application/json', 'application/x-ndjson', 'text/plain', 'application/octet-stream'])('passes a body of %s through byte for byte, broken or not', async (type) => {
    const body = randomBytes(3_000_000);
    const headers = { 'content-type': type, 'content-encoding': 'gzip' };
    const seen = await ask('/v1/events', { method: 'POST', body, headers });
    expect(seen).toMatchObject({ bytes: body.length, digest: createHash('sha256').update(body).digest('hex'), encoding: 'gzip' });
  });

  it('lets a sender read the refusal of a body that nobody has read', async () => {
    const body = randomBytes(20_000_000);
    for (let round = 0; round < 5; round++) {
      const answer = await fetch(`${base}/v1/events`, { method: 'POST', body, headers: { 'x-refuse': 'yes' } });
      expect([answer.status, await answer.json()]).toEqual([413, { status: 413 }]);
    }
  });

  it('answers 503 with Retry-After, and says that the event may have been taken, when a service is away', async () => {
    const answer = await fetch(`${base}/v1/alerts`);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await answer.json()).toMatchObject({ status: 503, code: 'service_unavailable', detail: expect.stringContaining('same ids') });
  });

  it('passes on that an answer was broken off: it is never short without a word', async () => {
    const answer = await fetch(`${base}/v1/events`, { headers: { 'x-break': 'yes' } });
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
  });

  it('lets go of the service when the client goes away', async () => {
    const gone = new AbortController();
    const asked = fetch(`${base}/v1/events`, { method: 'POST', body: new ReadableStream(), duplex: 'half', signal: gone.signal } as RequestInit);
    gone.abort();
    await expect(asked).rejects.toThrow();
    expect(await ask('/v1/events', { method: 'POST', body: '{}' })).toMatchObject({ service: 'ingest', bytes: 2 });
  });

  it('answers what is not HTTP with a problem', async () => {
    const { hostname, port } = new URL(base);
    const socket = connect(Number(port), hostname);
    socket.end('not http\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1\.1 400 .*"code":"bad_request"/s);
  });

  it.each<[string, () => Promise<Response>]>([
    ['that nobody answers', () => fetch(`${base}/v1/nothing`)],
    ['whose service is away', () => fetch(`${base}/v1/alerts`)],
    ['how it is', () => fetch(`${base}/healthz`)],
  ])('says of its own answer to a request %s what the services say of theirs', async (_, send) => {
    expect(Object.fromEntries((await send()).headers)).toMatchObject(securityHeaders(3600));
  });

  it('leaves what the services say as it is', async () => {
    expect((await fetch(`${base}/v1/events`)).headers.has('x-frame-options')).toBe(false);
  });

  it.each(['/v1/credits', '/v1/events', '/api/usage'])("hands a browser's preflight about POST %s to the service that would take it", async (path) => {
    expect(await ask(path, { method: 'OPTIONS', headers: { origin: 'https://console.example.com', 'access-control-request-method': 'POST' } })).toMatchObject({ service: 'ingest', method: 'OPTIONS', url: path });
  });

  it('answers headers that are too large with 431, and says the same of it', async () => {
    const answer = await fetch(`${base}/v1/events`, { headers: { 'x-large': 'x'.repeat(20_000) } });
    expect([answer.status, await answer.json()]).toEqual([431, expect.objectContaining({ code: 'headers_too_large' })]);
    expect(Object.fromEntries(answer.headers)).toMatchObject(securityHeaders(3600));
  });

  it.each([
    ['head', 'POST /v1/events HTTP/1.1\r\nhost: x\r\n'],
    ['body', 'POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{'],
  ])('ends a request whose %s stalls with 408', async (_, text) => {
    const impatient = createEdge(addresses, { requestTimeoutMs: 300 });
    await new Promise<void>((resolve) => impatient.listen(0, '127.0.0.1', resolve));
    const socket = connect((impatient.address() as AddressInfo).port, '127.0.0.1');
    socket.write(text);
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1\.1 408 .*"code":"request_timeout"/s);
    impatient.closeAllConnections();
    impatient.close();
  });

  it('gives an answer to HEAD no body, whatever is wrong with it', async () => {
    const { hostname, port } = new URL(base);
    const socket = connect(Number(port), hostname);
    socket.end(Buffer.from('HEAD /\xff HTTP/1.1\r\nhost: edge\r\n\r\n', 'latin1'));
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1\.1 400 [\s\S]*\r\n\r\n$/);
  });

  it('answers 404 as a problem where there is nothing', async () => {
    const answer = await fetch(`${base}/v1/nothing`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/problem+json; charset=utf-8']);
  });

  it('is not ready while one service is not, and names it', async () => {
    const answer = await fetch(`${base}/readyz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ status: 'not_ready', services: { alerting: { ready: false }, ingest: { ready: true } } });
  });
});

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Fastify from 'fastify';
import { installApiDocs } from './install-api-docs.js';

const fastify = Fastify();
const open = new Map<string, unknown>();

beforeAll(async () => {
  installApiDocs(fastify);
  fastify.addHook('onResponse', async (request) => void open.set(request.routeOptions.url ?? '', (request.routeOptions.config as { open?: boolean }).open));
  await fastify.ready();
});
afterAll(() => fastify.close());

describe('the documentation of the API', () => {
  it('serves the committed document to any page', async () => {
    const answer = await fastify.inject('/openapi.json');
    expect(answer.body).toBe(readFileSync(new URL('../../../../docs/openapi.json', import.meta.url), 'utf8'));
    expect(answer.headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8', 'access-control-allow-origin': '*' });
  });

  it('serves a page that runs no script but its own two, and that takes nothing from elsewhere', async () => {
    const { body, headers } = await fastify.inject('/docs/');
    const [, inline] = /<script type="text\/javascript">([^<]+)<\/script>/.exec(body)!;
    expect(headers['content-security-policy']).toContain(`script-src 'self' 'sha256-${createHash('sha256').update(inline!).digest('base64')}';`);
    expect(headers['content-security-policy']).toContain("default-src 'none';");
    expect([...body.matchAll(/src="([^"]+)"/g)].map(([, src]) => src)).toEqual(['js/scalar.js']);
    expect(body).not.toMatch(/https?:\/\//);
  });

  it('leads from /docs to /docs/, where relative addresses are right', async () => {
    expect(await fastify.inject('/docs')).toMatchObject({ statusCode: 301, headers: { location: '/docs/' } });
  });

  it('serves the viewer packed to whom takes it packed', async () => {
    const [plain, packed] = [await fastify.inject('/docs/js/scalar.js'), await fastify.inject({ url: '/docs/js/scalar.js', headers: { 'accept-encoding': 'br, gzip' } })];
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(packed.rawPayload).toString() === plain.body).toBe(true);
    expect(packed.rawPayload.length).toBeLessThan(plain.rawPayload.length / 3);
  });

  it('asks for no key on any of its routes', () => {
    expect(Object.fromEntries(open)).toEqual({ '/openapi.json': true, '/docs/': true, '/docs': true, '/docs/js/scalar.js': true });
  });
});

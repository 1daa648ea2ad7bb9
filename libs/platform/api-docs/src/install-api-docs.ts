import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import apiReference from '@scalar/fastify-api-reference';
import { type FastifyInstance } from 'fastify';

const DOCUMENT = new URL('../../../../docs/openapi.json', import.meta.url);
const INLINE_SCRIPT = /<script[^>]*>([^<]+)<\/script>/g;
const AN_HOUR = 'public, max-age=3600';

/** The viewer sets styles while it runs; it talks to nobody but this address, and runs no script but its own. */
const policyFor = (html: string): string => {
  const inline = [...html.matchAll(INLINE_SCRIPT)].map(([, script]) => `'sha256-${createHash('sha256').update(script!).digest('base64')}'`);
  return [
    "default-src 'none'",
    `script-src 'self' ${inline.join(' ')}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
};

/** `/openapi.json`, the whole API, and `/docs`, a page to read it on and try it from. No key is asked for, and nothing is fetched from elsewhere. */
export function installApiDocs(fastify: FastifyInstance): void {
  const document = readFileSync(DOCUMENT, 'utf8');
  void fastify.register(async (open) => {
    open.addHook('onRoute', (route) => {
      route.config = { ...route.config, open: true };
    });
    open.addHook('onSend', (request, reply, payload, done) => {
      if (typeof payload !== 'string' || reply.statusCode !== 200) return done(null, payload);
      void reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer').header('vary', 'accept-encoding');
      if (String(reply.getHeader('content-type')).startsWith('text/html')) void reply.header('content-security-policy', policyFor(payload)).header('cache-control', 'no-cache');
      else void reply.header('cache-control', AN_HOUR);
      if (!/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) return done(null, payload);
      void reply.header('content-encoding', 'gzip').removeHeader('content-length');
      done(null, gzipped(payload));
    });
    open.get('/openapi.json', (_request, reply) => reply.type('application/json; charset=utf-8').header('access-control-allow-origin', '*').send(document));
    await open.register(apiReference, {
      routePrefix: '/docs',
      configuration: {
        url: '/openapi.json',
        pageTitle: 'Ledgerline API',
        theme: 'default',
        documentDownloadType: 'json',
        defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
        defaultOpenAllTags: false,
        hideClientButton: true,
        hideModels: true,
        operationTitleSource: 'summary',
        orderSchemaPropertiesBy: 'preserve',
        persistAuth: false,
        showDeveloperTools: 'never',
        telemetry: false,
        withDefaultFonts: false,
        agent: { disabled: true },
        mcp: { disabled: true },
      },
    });
  });
}

const packed = new Map<string, Buffer>();

/** There are three texts in all, each packed once. */
function gzipped(text: string): Buffer {
  let bytes = packed.get(text);
  if (!bytes) packed.set(text, (bytes = gzipSync(text)));
  return bytes;
}

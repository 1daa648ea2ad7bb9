import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { methodOf, routeOf, ROUTES } from './routes.js';

const NGINX = readFileSync(fileURLToPath(new URL('../../../compose/nginx.conf', import.meta.url)), 'utf8');

/** The ingress's decision, read out of its configuration: the first pattern of its map that matches. */
function ingressRouteOf(method: string, path: string): string | null {
  const table = /map "\$asked_method \$uri" \$service \{([^}]*)\}/.exec(NGINX)?.[1] ?? '';
  for (const [, pattern, service] of table.matchAll(/"~(\S+ [^"]+)"\s+([\w-]+);/g)) {
    if (new RegExp(pattern as string).test(`${method} ${path}`)) return service as string;
  }
  return null;
}

/** The method that the ingress routes a request by, read out of its configuration. */
function ingressMethodOf(method: string, asked: string): string {
  const table = /map "\$request_method \$http_access_control_request_method" \$asked_method \{([^}]*)\}/.exec(NGINX)?.[1] ?? '';
  const [, pattern] = /"~(\S+ \S+)"\s+\$1;/.exec(table) ?? [];
  return new RegExp(pattern as string).exec(`${method} ${asked}`)?.[1] ?? method;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const PATHS = [...new Set(ROUTES.map(({ path }) => path.replace('*', 'an-id')))].flatMap((path) => [path, `${path}/`, `${path}/an-id`, `${path}/an-id/more`, `${path}x`]);

describe('the route table', () => {
  it('sends events in to ingest, and everything about events out to read-api', () => {
    expect(routeOf('POST', '/v1/events')).toBe('ingest');
    expect(routeOf('GET', '/v1/events')).toBe('read-api');
    expect(routeOf('GET', '/v1/events/0b5c')).toBe('read-api');
  });

  it('sends corrections and credits in to ingest, and the history of an event out to read-api', () => {
    expect(routeOf('POST', '/v1/events/0b5c/corrections')).toBe('ingest');
    expect(routeOf('POST', '/v1/credits')).toBe('ingest');
    expect(routeOf('GET', '/v1/events/0b5c/history')).toBe('read-api');
    for (const path of ['/v1/events//corrections', '/v1/events/0b5c/corrections/1', '/v1/events/0b5c']) expect(routeOf('POST', path)).toBe('read-api');
    expect(routeOf('GET', '/v1/credits')).toBeNull();
  });

  it('knows nobody for any other path', () => {
    for (const path of ['/', '/v1', '/v1/eventsx', '/metrics', '/v2/events', '/v1/summaries/1/..']) expect(routeOf('GET', path)).toBeNull();
  });

  it('decides as the ingress of the compose stack does, for every method and path', () => {
    for (const method of METHODS) {
      for (const path of [...PATHS, '/v1/events//corrections', '/', '/v1', '/metrics']) expect([method, path, ingressRouteOf(method, path)]).toEqual([method, path, routeOf(method, path)]);
    }
  });

  it("sends a browser's preflight where the request itself would go, in the ingress as well", () => {
    for (const [method, asked, by] of [['OPTIONS', 'POST', 'POST'], ['OPTIONS', '', 'OPTIONS'], ['GET', 'POST', 'GET']] as const) {
      expect(ingressMethodOf(method, asked)).toBe(by);
      expect(methodOf({ method, headers: asked === '' ? {} : { 'access-control-request-method': asked } })).toBe(by);
    }
  });

  it('has an upstream in the ingress for every service that answers', () => {
    for (const { service } of ROUTES) expect(NGINX).toMatch(new RegExp(`upstream ${service} +\\{ server ${service}:8080;`));
  });
});

import { type IncomingMessage } from 'node:http';
import { type ServiceName } from '../parts.js';

export interface Route {
  /** Without one: every method. */
  method?: string;
  /** A `*` stands for one segment, whatever it is. */
  path: string;
  /** Whether everything below the path goes there too. */
  below?: boolean;
  service: ServiceName;
}

/**
 * The public API: which service answers what. `deploy/compose/nginx.conf` says the same to an
 * ingress, and a test holds the two together. The first match counts.
 */
export const ROUTES: readonly Route[] = [
  { method: 'POST', path: '/v1/events', service: 'ingest' },
  { method: 'POST', path: '/v1/events/*/corrections', service: 'ingest' },
  { method: 'POST', path: '/v1/credits', service: 'ingest' },
  { path: '/v1/events', below: true, service: 'read-api' },
  { method: 'POST', path: '/v1/quarantine', below: true, service: 'ingest' },
  { path: '/v1/quarantine', below: true, service: 'read-api' },
  { path: '/v1/summaries', service: 'read-api' },
  { path: '/v1/quotas', below: true, service: 'quota' },
  { path: '/v1/alerts', below: true, service: 'alerting' },
  { path: '/v1/keys', below: true, service: 'accounts' },
  { path: '/v1/customers', below: true, service: 'accounts' },
  { path: '/v1/projects', below: true, service: 'accounts' },
  { path: '/v1/users/*/credits', service: 'read-api' },
  { path: '/v1/users/*/usage', service: 'read-api' },
  { path: '/v1/users', below: true, service: 'accounts' },
  { path: '/v1/admin-log', service: 'accounts' },
  { method: 'POST', path: '/api/usage', service: 'ingest' },
  { path: '/api/usage', service: 'read-api' },
  { method: 'POST', path: '/v1/usage/record', service: 'ingest' },
  { path: '/v1/usage', service: 'read-api' },
  { method: 'POST', path: '/v1/usage-logs', service: 'ingest' },
  { method: 'POST', path: '/usage', service: 'ingest' },
  { method: 'PUT', path: '/usage/*', service: 'ingest' },
  { method: 'DELETE', path: '/usage/*', service: 'ingest' },
  { path: '/usage', below: true, service: 'read-api' },
  { path: '/openapi.json', service: 'read-api' },
  { path: '/docs', below: true, service: 'read-api' },
];

/** The method that a request is routed by: a browser's preflight goes to whoever would answer what it asks about. */
export function methodOf({ method = 'GET', headers }: Pick<IncomingMessage, 'method' | 'headers'>): string {
  const asked = headers['access-control-request-method'];
  return method === 'OPTIONS' && asked !== undefined ? asked : method;
}

/** The service for a request, or null when nobody answers that path. `path` has no query. */
export function routeOf(method: string, path: string): ServiceName | null {
  for (const route of ROUTES) {
    if (route.method !== undefined && route.method !== method) continue;
    if (matches(route, path)) return route.service;
  }
  return null;
}

function matches(route: Route, path: string): boolean {
  if (!route.path.includes('*')) return path === route.path || (route.below === true && path.startsWith(`${route.path}/`));
  const wanted = route.path.split('/');
  const given = path.split('/');
  return wanted.length === given.length && wanted.every((segment, i) => (segment === '*' ? given[i] !== '' : segment === given[i]));
}

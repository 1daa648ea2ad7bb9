import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { securityHeaders } from './security-headers.js';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../../../${path}`, import.meta.url)), 'utf8');

/** The headers that the services put on every answer, read out of their source. */
function servicesSay(): Record<string, string> {
  const [, table] = /const ALWAYS[^{]*\{([^}]*)\}/.exec(read('libs/platform/service-kit/src/http/security-headers.ts')) ?? [];
  return Object.fromEntries([...(table as string).matchAll(/^ +'([\w-]+)': (["'])(.*)\2,$/gm)].map(([, name, , value]) => [name, value]));
}

describe('the headers of every answer', () => {
  it('are the same, whether a service or the edge gives it', () => {
    expect(securityHeaders(0)).toEqual(servicesSay());
    expect(securityHeaders(60)).toEqual({ ...servicesSay(), 'strict-transport-security': 'max-age=60' });
  });

  it("are on the ingress's own answers, too, and not a second time on those of the services", () => {
    const nginx = read('deploy/compose/nginx.conf');
    const added = (text: string) => Object.fromEntries([...text.matchAll(/add_header ([\w-]+) "?([^"]*?)"? always;/g)].map(([, name, value]) => [(name as string).toLowerCase(), value]));
    const [, server] = /listen 8080;([^{]*)location/.exec(nginx) ?? [];
    const [, unavailable] = /location @unavailable \{([^}]*)/.exec(nginx) ?? [];
    expect(added(server as string)).toEqual(securityHeaders(0));
    expect(added(unavailable as string)).toEqual({ 'retry-after': '1', ...securityHeaders(0) });
    expect(nginx).toMatch(/location \/ \{\s*(#[^\n]*\s*)*add_header X-Nothing "";/);
  });
});

import { type FastifyInstance } from 'fastify';
import { addRouteSettings, methodsOf } from './route-settings.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The Content-Security-Policy of a route that answers with a page; without it, what it answers may load and frame nothing. */
    contentSecurityPolicy?: string;
  }
}

/** What every answer says, errors included. The edge says the same of its own (deploy/local/src/edge/security-headers.ts). */
const ALWAYS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  // Usage, money and keys are nobody's to keep on the way; a route that answers with anything else says so itself.
  'cache-control': 'no-store',
};

/** @param hstsMaxAgeS for how long a browser that came by TLS comes by nothing else, seconds; 0: as it likes */
export function securityHeaders(hstsMaxAgeS: number): Readonly<Record<string, string>> {
  return hstsMaxAgeS === 0 ? ALWAYS : { ...ALWAYS, 'strict-transport-security': `max-age=${hstsMaxAgeS}` };
}

/** Puts the headers on every answer in the first hook, so that every refusal has them, too. What a route sets afterwards wins. */
export function installSecurityHeaders(fastify: FastifyInstance, headers: Readonly<Record<string, string>>): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers);
    const own = request.routeOptions.config?.contentSecurityPolicy;
    if (own !== undefined) reply.header('content-security-policy', own);
    done();
  });
}

/** The Content-Security-Policy of a route, or of every route of a controller, that answers with a page. It has to say `frame-ancestors` itself. */
export function ContentSecurityPolicy(contentSecurityPolicy: string): ClassDecorator & MethodDecorator {
  return ((target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (key !== undefined && descriptor) return addRouteSettings(target, key, descriptor, { contentSecurityPolicy });
    const { prototype } = target as { prototype: object };
    for (const [name, method] of methodsOf(target)) addRouteSettings(prototype, name, method, { contentSecurityPolicy });
    return undefined;
  }) as ClassDecorator & MethodDecorator;
}

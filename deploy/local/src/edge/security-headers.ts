/** What the services say of their answers, for those that the edge gives itself. A test holds the two together. */
const ALWAYS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** @param hstsMaxAgeS seconds; 0: none */
export function securityHeaders(hstsMaxAgeS: number): Readonly<Record<string, string>> {
  return hstsMaxAgeS === 0 ? ALWAYS : { ...ALWAYS, 'strict-transport-security': `max-age=${hstsMaxAgeS}` };
}

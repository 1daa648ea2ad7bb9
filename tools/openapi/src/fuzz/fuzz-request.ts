import { type RoleName } from './belongings.js';

/** `valid`: the document calls it valid. `nearly`: one thing of it is wrong. `garbage`: it need not be anything. */
export type Kind = 'valid' | 'nearly' | 'garbage';

/** A request as it goes over the wire. */
export interface FuzzRequest {
  readonly kind: Kind;
  readonly role: RoleName | 'nobody';
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer | null;
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** What a shell does the same with. */
export function curlLine({ role, method, target, headers, body }: FuzzRequest): string {
  const parts = ['curl', '-sS', '-i', '-X', method, `"$API"${quoted(target)}`];
  if (role !== 'nobody') parts.push('-H', `"X-API-Key: $${role.toUpperCase().replaceAll(' ', '_').replaceAll("'", '')}"`);
  for (const [name, value] of headers) parts.push('-H', quoted(`${name}: ${value}`));
  if (body === null) return parts.join(' ');
  const text = body.toString('utf8');
  if (Buffer.from(text).equals(body) && !text.includes('\0')) return [...parts, '--data-binary', quoted(text)].join(' ');
  return `echo ${body.toString('base64')} | base64 -d | ${[...parts, '--data-binary', '@-'].join(' ')}`;
}

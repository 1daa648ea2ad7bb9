import { gzipSync } from 'node:zlib';
import fc, { type Arbitrary } from 'fast-check';
import { type ApiDocument, type Operation, type Parameter } from '../api-document.js';
import { Arbitraries, type Hints } from './arbitrary-of.js';
import { type Belongings, ROLES, type RoleName } from './belongings.js';
import { type FuzzRequest, type Kind } from './fuzz-request.js';
import { junk, nearly } from './mutate.js';

const JSON_TYPE = 'application/json';
const CONTENT_TYPES = [JSON_TYPE, 'application/json; charset=utf-8', 'application/json; charset=utf-16', 'application/x-ndjson', 'text/plain', 'application/xml', 'multipart/form-data', 'application/x-www-form-urlencoded', 'APPLICATION/JSON', 'application/vnd.api+json', '/', ';', 'json'];
const ENCODINGS = ['gzip', 'zstd', 'identity', 'deflate', 'br', 'gzip, gzip', '', 'GZIP'];
const ODD_SEGMENTS = ['%00', '%', '%zz', '%c3', '%2F', '%2e%2e', '..', '.', '*', '%ed%a0%80', 'a'.repeat(3_000), "'", '%0d%0a', '\u00ff'];
const ODD_QUERIES = ['limit', 'limit=&limit=', '&&&', '=', '%', '%zz=%', 'a[b]=c', 'customer_id=a&customer_id=b', '__proto__=1', 'constructor=x', 'limit[]=1', 'cursor=%00', '?', `x=${'y'.repeat(4_000)}`];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND'];

/** Ids of what there is, by the path that they stand in. */
const pools = (of: Belongings): readonly (readonly [path: RegExp, ids: readonly string[]])[] => [
  [/^\/v1\/events\//, of.eventIds],
  [/^\/v1\/quarantine\//, of.heldIds],
  [/^\/v1\/quotas\//, of.quotaIds],
  [/^\/v1\/alerts\//, of.alertIds],
  [/^\/v1\/projects\//, of.projectIds],
  [/^\/v1\/users\/\{user_id\}\/|^\/usage\/user\//, of.userNames],
  [/^\/v1\/users\//, of.userIds],
  [/^\/usage\//, of.eventIds],
  [/^\/v1\/keys\//, of.keyIds],
];

const minute = (text: string): string => `${text.slice(0, 16)}:00Z`;
const between = (min: string, max: string): Arbitrary<string> => fc.date({ min: new Date(min), max: new Date(max), noInvalidDate: true }).map((date) => minute(date.toISOString()));
const before = between('2020-01-01', '2023-01-01');
const after = between('2023-01-02', '2026-06-01');
const when = fc.oneof(before, after);

/** What fields of these names usually hold, so that requests get past the first look at them. */
const hintsOf = (of: Belongings): Hints => ({
  customer_id: fc.constantFrom(...of.customers),
  project_id: fc.constantFrom(...of.projectIds),
  quota_id: fc.constantFrom(...of.quotaIds),
  occurred_at: when,
  request_timestamp: when,
  recorded_at: when,
  from: before,
  to: after,
  date_from: before,
  date_to: after,
  startDate: before,
  endDate: after,
  start_date: before,
  end_date: after,
  accountId: fc.constantFrom(...of.customers),
  inputTokens: fc.integer({ min: 1_000, max: 9_999 }),
  cachedTokens: fc.nat(999),
  input_tokens: fc.integer({ min: 1_000, max: 9_999 }),
  cached_tokens: fc.nat(999),
  units_used: fc.constantFrom('1.5', 2),
  firecrawl_credits: fc.constantFrom('1.5', 2),
  period: fc.constantFrom('2026-01', 'month'),
  group_by: fc.subarray(['provider', 'model', 'customer', 'day', 'hour'], { minLength: 1 }).map((names) => names.join(',')),
  expires_at: fc.constant('2099-01-01T00:00:00Z'),
  // Empty or made by an answer: everything else is no cursor.
  cursor: fc.constant(undefined),
  Prefer: fc.constant('return=minimal'),
  limit: fc.constantFrom(1, 2, 100),
  cost_from: fc.constantFrom('0', '0.25'),
  cost_to: fc.constantFrom('1', '12.5'),
  client_cost_usd: fc.constantFrom('0', '0.25', 1, '12.000000000001'),
  cost_usd: fc.constantFrom('0', '0.25', 1),
  amount_usd: fc.constantFrom('0.01', 3),
  seconds: fc.constantFrom('1.5', 2),
  credits: fc.constantFrom('1.5', 2),
  units: fc.constantFrom('1.5', 2),
  limits: fc.constant(undefined),
});

/** Requests for one operation of the document. @param path as documented */
export function requestsOf(document: ApiDocument, path: string, method: string, of: Belongings): Arbitrary<FuzzRequest> {
  const operation = document.paths[path]![method]!;
  const parts = new Parts(new Arbitraries(document.components.schemas, hintsOf(of)), path, operation, of);
  const request = (kind: Kind): Arbitrary<FuzzRequest> =>
    fc.record({ kind: fc.constant(kind), role: parts.role(), method: kind === 'garbage' ? fc.oneof({ arbitrary: fc.constant(method.toUpperCase()), weight: 9 }, { arbitrary: fc.constantFrom(...METHODS), weight: 1 }) : fc.constant(method.toUpperCase()), target: parts.target(kind), content: parts.content(kind), odd: parts.oddHeaders(kind) })
      .map(({ content: { headers, body }, odd, ...rest }) => ({ ...rest, headers: [...headers, ...odd], body }));
  return fc.oneof({ arbitrary: request('valid'), weight: 4 }, { arbitrary: request('nearly'), weight: 4 }, { arbitrary: request('garbage'), weight: 2 });
}

interface Content {
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer | null;
}

/** The parts of a request for one operation. */
class Parts {
  constructor(
    private readonly values: Arbitraries,
    private readonly path: string,
    private readonly operation: Operation,
    private readonly of: Belongings,
  ) {}

  role(): Arbitrary<RoleName | 'nobody'> {
    const others = [...(Object.keys(ROLES) as RoleName[]), 'nobody' as const];
    return fc.oneof({ arbitrary: fc.constant('admin' as const), weight: 6 }, { arbitrary: fc.constantFrom(...others), weight: 2 });
  }

  target(kind: Kind): Arbitrary<string> {
    const segments = this.path.split('/').map((segment) => (segment.startsWith('{') ? this.segment(segment.slice(1, -1), kind) : fc.constant(segment)));
    return fc.tuple(fc.tuple(...segments), this.query(kind)).map(([parts, query]) => parts.join('/') + (query === '' ? '' : `?${query}`));
  }

  private segment(name: string, kind: Kind): Arbitrary<string> {
    const parameter = this.parameters('path').find((one) => one.name === name);
    const known = pools(this.of).find(([pattern]) => pattern.test(this.path))?.[1] ?? [];
    const valid = fc.oneof({ arbitrary: fc.constantFrom(...known), weight: 6 }, { arbitrary: this.values.of(parameter?.schema ?? {}).map((value) => encode(value)), weight: 1 });
    return kind === 'garbage' ? fc.oneof({ arbitrary: valid, weight: 1 }, { arbitrary: fc.constantFrom(...ODD_SEGMENTS), weight: 2 }) : valid;
  }

  private query(kind: Kind): Arbitrary<string> {
    const valid = fc
      .tuple(...this.parameters('query').map(({ name, schema, required }) => fc.tuple(fc.constant(name), required ? this.values.of(schema, name) : fc.option(this.values.of(schema, name), { nil: undefined }))))
      .map((pairs) => pairs.filter(([, value]) => value !== undefined));
    const text = (pairs: readonly (readonly [string, unknown])[]): string => pairs.flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => `${name}=${encode(one)}`)).join('&');
    if (kind === 'valid') return valid.map(text);
    if (kind === 'nearly') return fc.oneof(valid.map(text), fc.tuple(valid, fc.nat(50), junk).map(([pairs, n, value]) => text(pairs.length === 0 ? [['limit', value]] : pairs.map((pair, i) => (i === n % pairs.length ? [pair[0], value] : pair)))));
    return fc.oneof(fc.constantFrom(...ODD_QUERIES), valid.map(text));
  }

  content(kind: Kind): Arbitrary<Content> {
    const body = this.operation.requestBody;
    const typed = (type: string, bytes: Buffer, ...more: [string, string][]): Content => ({ headers: [['content-type', type], ...more], body: bytes });
    if (!body) return kind === 'garbage' ? fc.oneof(fc.constant({ headers: [], body: null }), fc.constantFrom(...CONTENT_TYPES).map((type) => typed(type, Buffer.from('{}')))) : fc.constant({ headers: [], body: null });
    const valid = this.values.of((body.content[JSON_TYPE]?.schema ?? {}) as Record<string, unknown>);
    const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value) ?? 'null');
    const sound = fc.oneof({ arbitrary: valid.map((value) => typed(JSON_TYPE, json(value))), weight: 8 }, ...this.otherWays(valid));
    if (kind === 'valid') return body.required ? sound : fc.oneof({ arbitrary: sound, weight: 2 }, { arbitrary: fc.constant({ headers: [], body: null }), weight: 1 });
    if (kind === 'nearly') return nearly(valid).map((value) => typed(JSON_TYPE, json(value)));
    return fc.oneof(
      fc.tuple(fc.constantFrom(...CONTENT_TYPES), garbageBytes(valid)).map(([type, bytes]) => typed(type, bytes)),
      fc.tuple(fc.constantFrom(...ENCODINGS), garbageBytes(valid)).map(([encoding, bytes]) => typed(JSON_TYPE, bytes, ['content-encoding', encoding])),
      garbageBytes(valid).map((bytes) => ({ headers: [], body: bytes })),
      fc.constant({ headers: [], body: null }),
    );
  }

  /** Packed, or a line each, where the operation says that it reads them. */
  private otherWays(valid: Arbitrary<unknown>): { arbitrary: Arbitrary<Content>; weight: number }[] {
    const packed = this.parameters('header').some(({ name }) => name === 'Content-Encoding');
    const lines = this.operation.requestBody?.content['application/x-ndjson'] !== undefined;
    return [
      ...(packed ? [{ arbitrary: valid.map((value): Content => ({ headers: [['content-type', JSON_TYPE], ['content-encoding', 'gzip']], body: gzipSync(JSON.stringify(value)) })), weight: 1 }] : []),
      ...(lines ? [{ arbitrary: valid.map((value): Content => ({ headers: [['content-type', 'application/x-ndjson']], body: Buffer.from([value].flat().map((one) => JSON.stringify(one)).join('\n')) })), weight: 1 }] : []),
    ];
  }

  oddHeaders(kind: Kind): Arbitrary<readonly (readonly [string, string])[]> {
    const own = fc.tuple(...this.parameters('header').filter(({ name }) => name !== 'Content-Encoding').map(({ name, schema }) => fc.option(this.values.of(schema, name).map((value) => [name, String(value)] as const), { nil: undefined, freq: 4 })));
    const valid = own.map((headers) => headers.filter((header) => header !== undefined));
    if (kind !== 'garbage') return valid;
    const odd: (readonly [string, string])[] = [['idempotency-key', ''], ['idempotency-key', 'ÿ'.repeat(300)], ['prefer', 'return=minimal, wait=9'], ['accept', 'text/html'], ['authorization', 'Basic eDp5'], ['authorization', 'Bearer'], ['range', 'bytes=0-1'], ['if-none-match', '*'], ['traceparent', '00-zz-zz-01'], ['x-forwarded-for', "'; --"], ['accept-encoding', 'gzip;q=nonsense'], ['cookie', '\u00ff=;;']];
    return fc.tuple(valid, fc.subarray(odd, { maxLength: 2 })).map(([some, more]) => [...some, ...more]);
  }

  private parameters(place: Parameter['in']): Parameter[] {
    return (this.operation.parameters ?? []).filter((parameter) => parameter.in === place);
  }
}

/** For a path or query. Half a surrogate pair has no encoding; what it is sent as is as wrong. */
function encode(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
  return encodeURIComponent(text.toWellFormed());
}

function garbageBytes(valid: Arbitrary<unknown>): Arbitrary<Buffer> {
  const json = valid.map((value) => JSON.stringify(value));
  return fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.tuple(json, fc.nat(300)).map(([text, length]) => Buffer.from(text.slice(0, length))),
    json.map((text) => Buffer.from(text, 'utf16le')),
    json.map((text) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)])),
    fc.tuple(json, fc.nat(300)).map(([text, at]) => Buffer.concat([Buffer.from(text.slice(0, at)), Buffer.from([0xff, 0xc0]), Buffer.from(text.slice(at))])),
    fc.constantFrom('['.repeat(20_000), '{"a":'.repeat(5_000), '[1e999]', '"\\ud800"', '{"__proto__":{"x":1}}', '{"constructor":{"prototype":{}}}', 'null', '0', '""', '[]', '{}', '[[]]', '\n\n', `"${'x'.repeat(1_200_000)}"`).map((text) => Buffer.from(text)),
    fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text)),
  );
}

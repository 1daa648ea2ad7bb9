import { describe, expect, it } from '@jest/globals';
import { QUANTITY_BY_NAME, UsageRow } from '@ledgerline/contracts';
import fc from 'fast-check';
import { readBody } from './read-body.js';
import { readUsageEvent } from './read-usage-event.js';

const NOW_US = Date.parse('2026-01-15T10:30:00Z') * 1000;
const minimal = { customer_id: 'acme', provider: 'openai', model: 'gpt-4', usage: { input_tokens: 1 } };
const problem = (event: unknown): string => {
  const rejection = readUsageEvent(event, new UsageRow(), NOW_US);
  return rejection ? `${rejection.field}: ${rejection.reason}` : 'none';
};

/** What the log would carry for a body with this event. */
const asRead = async (event: unknown): Promise<unknown> => {
  const row = new UsageRow();
  const { events, plain } = await readBody(Buffer.from(JSON.stringify(event)), 'application/json', undefined);
  return readUsageEvent(events[0], row, NOW_US, plain) ?? { tags: row.tags, user: row.user };
};

describe('a body without a backslash', () => {
  it('is read without searching its texts again, to the same end', async () => {
    const text = fc.string({ unit: fc.oneof(fc.constantFrom('\u007f', '\n', '"', '\\', '\ud800', '\u2028', '\u0085'), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })), minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(text, fc.dictionary(text, text), async (user, tags) => {
        const event = { ...minimal, user_id: user, tags };
        const row = new UsageRow();
        const searched = readUsageEvent(JSON.parse(JSON.stringify(event)), row, NOW_US) ?? { tags: row.tags, user: row.user };
        expect(await asRead(event)).toEqual(searched);
      }),
    );
  });

  it('keeps tags with names that objects treat differently', async () => {
    const event = JSON.parse(JSON.stringify(minimal).replace('}', '},"tags":{"__proto__":"a","10":"b","9":"c"}')) as object;
    expect(await asRead(event)).toMatchObject({ tags: '{"10":"b","9":"c","__proto__":"a"}' });
  });
});

describe('a native usage event', () => {
  it('is carried with every field that it has', () => {
    const row = new UsageRow();
    const event = {
      id: 'e1',
      source: 'gateway',
      customer_id: 'acme',
      project_id: 'p',
      user_id: 'u',
      provider: 'openai',
      model: 'gpt-4',
      operation: 'chat',
      endpoint: '/chat',
      context: 'system',
      transaction_id: 't',
      service_tier: 'flex',
      usage: { input_tokens: 1500, seconds: '1.000000001', credits: 0.5 },
      client_cost_usd: 0.0043,
      occurred_at: '2026-01-15T10:30:00.123456Z',
      status: 'error',
      error_code: '429',
      latency_ms: 12,
      tags: { b: '2', a: '1' },
      request_metadata: { n: 1 },
      response_metadata: { ok: true },
    };
    expect(readUsageEvent(event, row, NOW_US)).toBeNull();
    expect(row).toMatchObject({
      id: 'e1', source: 'gateway', customer: 'acme', project: 'p', user: 'u', provider: 'openai', model: 'gpt-4', operation: 'chat',
      endpoint: '/chat', context: 1, transactionId: 't', serviceTier: 'flex', clientCost: '0.0043', occurredAtUs: NOW_US + 123_456,
      status: 1, errorCode: '429', latencyMs: 12, tags: '{"a":"1","b":"2"}', requestMetadata: '{"n":1}', responseMetadata: '{"ok":true}',
    });
    const amount = (name: string): unknown => {
      const kind = QUANTITY_BY_NAME.get(name)!;
      return kind.decimal ? row.nanos[kind.index] : row.counts[kind.index];
    };
    expect([amount('input_tokens'), amount('seconds'), amount('credits')]).toEqual([1500, 1_000_000_001n, 500_000_000n]);
  });

  it('leaves nothing of the event before it in the row', () => {
    const used = new UsageRow();
    readUsageEvent({ ...minimal, id: 'x', project_id: 'p', tags: { a: '1' }, client_cost_usd: '1', usage: { credits: 2 }, status: 'error', request_metadata: { a: 1 } }, used, NOW_US);
    readUsageEvent(minimal, used, NOW_US);
    const fresh = new UsageRow();
    readUsageEvent(minimal, fresh, NOW_US);
    expect({ ...used, counts: null, nanos: null }).toEqual({ ...fresh, counts: null, nanos: null });
  });

  it.each<[string, unknown, string]>([
    ['no object', 7, ': must be an object'],
    ['a missing customer', { ...minimal, customer_id: undefined }, 'customer_id: is required'],
    ['an empty customer', { ...minimal, customer_id: '' }, 'customer_id: must not be empty'],
    ['a number for a text', { ...minimal, model: 4 }, 'model: must be a string'],
    ['an unknown field', { ...minimal, modle: 'x' }, 'modle: is not a known field'],
    ['an unknown quantity', { ...minimal, usage: { input_token: 1 } }, 'usage.input_token: is not a known field'],
    ['negative tokens', { ...minimal, usage: { input_tokens: -1 } }, 'usage.input_tokens: must not be negative'],
    ['fractional tokens', { ...minimal, usage: { input_tokens: 1.5 } }, 'usage.input_tokens: must be a whole number'],
    ['tokens past 2^53', { ...minimal, usage: { input_tokens: 2 ** 53 } }, 'usage.input_tokens: must be at most 9007199254740991'],
    ['tokens as text', { ...minimal, usage: { input_tokens: '1' } }, 'usage.input_tokens: must be a whole number'],
    ['too many places', { ...minimal, usage: { seconds: '0.0000000001' } }, 'usage.seconds: expected at most 9 decimal places'],
    ['a negative decimal text', { ...minimal, usage: { seconds: '-1' } }, 'usage.seconds: must not be negative'],
    ['a decimal text past the limit', { ...minimal, usage: { seconds: '9000000000.1' } }, 'usage.seconds: must be at most 9000000000'],
    ['a cost that a double cannot hold', { ...minimal, client_cost_usd: 0.1 + 0.2 }, 'client_cost_usd: has more digits than a JSON number keeps; send it as a decimal string'],
    ['no usage of a call that worked', { ...minimal, usage: {} }, 'usage: must name at least one quantity, unless the call failed (status error)'],
    ['a time without offset', { ...minimal, occurred_at: '2026-01-15T10:30:00' }, 'occurred_at: must be an RFC 3339 time with its offset, such as 2024-01-15T10:30:00Z'],
    ['a time to come', { ...minimal, occurred_at: '2026-01-15T10:35:01Z' }, 'occurred_at: must not be more than 5 minutes ahead'],
    ['a time before 2000', { ...minimal, occurred_at: '1999-12-31T23:59:59Z' }, 'occurred_at: must not be before 2000-01-01T00:00:00Z'],
    ['a text of 200 kB', { ...minimal, model: 'x'.repeat(200_000) }, 'model: must be at most 256 characters long'],
    ['metadata of 200 kB', { ...minimal, request_metadata: { x: 'x'.repeat(200_000) } }, 'request_metadata: must be at most 32768 bytes of JSON'],
    ['a control character', { ...minimal, customer_id: 'a\u0000' }, 'customer_id: must not contain control characters'],
    ['an unpaired surrogate', { ...minimal, id: '\ud800' }, 'id: must be well-formed Unicode'],
    ['an empty id', { ...minimal, id: '' }, 'id: must not be empty'],
    ['another status', { ...minimal, status: 'fine' }, 'status: must be one of ok, error'],
    ['a tag that is no text', { ...minimal, tags: { a: 1 } }, 'tags.a: must be a string'],
  ])('with %s is refused by field and reason', (_, event, expected) => expect(problem(event)).toBe(expected));

  it('takes a failed call without usage, and null for what is optional', () => {
    expect(problem({ ...minimal, usage: {}, status: 'error' })).toBe('none');
    expect(problem({ ...minimal, project_id: null, tags: null, client_cost_usd: null, occurred_at: null })).toBe('none');
  });

  it('never throws, whatever JSON it is given', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void problem(value)));
    fc.assert(fc.property(fc.dictionary(fc.constantFrom(...Object.keys(minimal), 'tags', 'client_cost_usd'), fc.jsonValue()), (part) => void problem({ ...minimal, ...part })));
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Issue } from './issues.js';
import { readPortalUsage } from './portal-usage.js';

const MAX = 1_000_000;
const usage = { project_id: '550e8400-e29b-41d4-a716-446655440000', provider: 'openai', model: 'gpt-4', input_tokens: 1500, output_tokens: 500 };
const issuesOf = (body: unknown): readonly Issue[] => readPortalUsage(body, MAX) as readonly Issue[];

describe("a body of the client portal's API", () => {
  it('is read as the guide has it, the time being optional and what is not named passed over', () => {
    expect(readPortalUsage(usage, MAX)).toEqual(usage);
    const timed = { ...usage, request_timestamp: '2024-01-15T10:30:00Z' };
    expect(readPortalUsage({ ...timed, colour: 'red' }, MAX)).toEqual(timed);
    expect(readPortalUsage({ ...usage, request_timestamp: null }, MAX)).toEqual(usage);
  });

  it("has the guide's example of an error, field for field", () => {
    expect(issuesOf({ ...usage, input_tokens: '1500' })).toEqual([
      { code: 'invalid_type', expected: 'number', received: 'string', path: ['input_tokens'], message: 'Expected number, received string' },
    ]);
  });

  it.each([
    [{}, ['project_id', 'provider', 'model', 'input_tokens', 'output_tokens'], 'Required'],
    [{ ...usage, project_id: 'my-project' }, ['project_id'], 'Invalid uuid'],
    [{ ...usage, model: '' }, ['model'], 'String must contain at least 1 character(s)'],
    [{ ...usage, provider: 'x'.repeat(257) }, ['provider'], 'String must contain at most 256 character(s)'],
    [{ ...usage, input_tokens: 1.5 }, ['input_tokens'], 'Expected integer, received float'],
    [{ ...usage, output_tokens: -1 }, ['output_tokens'], 'Number must be greater than or equal to 0'],
    [{ ...usage, output_tokens: MAX + 1 }, ['output_tokens'], `Number must be less than or equal to ${MAX}`],
    [{ ...usage, request_timestamp: 'yesterday' }, ['request_timestamp'], 'Invalid datetime'],
  ])('is refused with every field that is wrong: %j', (body, fields, message) => {
    expect(issuesOf(body).map(({ path }) => path[0])).toEqual(fields);
    expect(issuesOf(body)[0]!.message).toBe(message);
  });

  it('is never accepted by chance, and never makes the check fail', () => {
    fc.assert(
      fc.property(fc.anything(), (body) => {
        const read = readPortalUsage(body, MAX);
        expect(Array.isArray(read) && read.length > 0).toBe(true);
      }),
    );
  });
});

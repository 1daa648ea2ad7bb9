import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { type ApiDocument } from './api-document.js';
import { Conformance } from './conformance.js';
import { OPENAPI_FILE } from './openapi-file.js';

const document = JSON.parse(readFileSync(OPENAPI_FILE, 'utf8')) as ApiDocument;
const api = new Conformance(document);
const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));

/** Every `example`, or `examples` of a schema, with the place of the schema that it is of. */
function* examplesIn(value: unknown, place: string[] = []): Generator<{ place: string[]; example: unknown }> {
  if (typeof value !== 'object' || value === null) return;
  const { schema, example, examples } = value as Record<string, unknown>;
  if (schema !== undefined && example !== undefined) yield { place: [...place, 'schema'], example };
  if (Array.isArray(examples)) for (const one of examples) yield { place, example: one };
  for (const [key, inner] of Object.entries(value)) if (key !== 'example' && key !== 'examples') yield* examplesIn(inner, [...place, key]);
}

describe('docs/openapi.json', () => {
  it('is valid by the official schema of OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document) as never);
    expect({ valid, errors }).toEqual({ valid: true });
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  it('has no reference that leads nowhere', () => {
    const find = (pointer: string): unknown => pointer.slice(2).split('/').reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part.replaceAll('~1', '/').replaceAll('~0', '~')], document);
    for (const [, pointer] of JSON.stringify(document).matchAll(/"\$ref":"(#[^"]*)"/g)) expect([pointer, find(pointer!)]).toEqual([pointer, expect.anything()]);
  });

  it('gives every operation an id of its own, a summary and a tag', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operation } of operations) expect(operation).toMatchObject({ operationId: expect.stringMatching(/^[a-z][A-Za-z]+$/), summary: expect.stringMatching(/^[A-Z]/), tags: [expect.any(String)] });
  });

  it('shows examples that are valid by their own schemas', () => {
    const examples = [...examplesIn(document)];
    expect(examples.length).toBeGreaterThan(20);
    for (const { place, example } of examples) expect({ place, errors: api.errors(place, example) }).toEqual({ place, errors: [] });
  });

  it('says of every route with a key what is answered without one, and for which scope it asks', () => {
    for (const { path, operation } of operations.filter(({ operation: { security } }) => security?.length !== 0)) {
      expect([path, Object.keys(operation.responses)]).toEqual([path, expect.arrayContaining(['401', '403', '429', '500', '503'])]);
      expect(operation.security).toEqual([{ bearer: [expect.any(String)] }, { apiKey: [expect.any(String)] }]);
    }
  });
});

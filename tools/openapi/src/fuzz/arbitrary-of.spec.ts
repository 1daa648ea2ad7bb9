import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ApiDocument } from '../api-document.js';
import { Conformance } from '../conformance.js';
import { OPENAPI_FILE } from '../openapi-file.js';
import { Arbitraries } from './arbitrary-of.js';

const document = JSON.parse(readFileSync(OPENAPI_FILE, 'utf8')) as ApiDocument;
const api = new Conformance(document);
const bodies = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, { requestBody }]) => (requestBody?.content['application/json'] ? [{ path, method, schema: requestBody.content['application/json'].schema }] : [])),
);

describe('generated bodies', () => {
  it.each(bodies)('of $method $path are valid by the document', ({ path, method, schema }) => {
    const values = new Arbitraries(document.components.schemas, {}).of(schema as Record<string, unknown>);
    fc.assert(
      fc.property(values, (value) => {
        expect(api.errors(['paths', path, method, 'requestBody', 'content', 'application/json', 'schema'], JSON.parse(JSON.stringify(value)))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

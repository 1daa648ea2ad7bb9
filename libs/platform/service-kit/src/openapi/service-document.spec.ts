import { describe, expect, it } from '@jest/globals';
import Fastify from 'fastify';
import { z } from 'zod';
import { type RouteDoc } from './route-doc.js';
import { installServiceDocument, type ServiceDocument } from './service-document.js';

const requires = { scope: 'read', audience: 'anyone' } as const;
const thing = z.strictObject({ id: z.string() }).meta({ id: 'Thing' });
const doc: RouteDoc = { id: 'makeThing', summary: 'Make a thing', tag: 'Things', query: z.strictObject({ limit: z.coerce.number().int().max(9).default(5) }), body: thing, answers: { 201: thing }, problems: { 409: { thing_exists: 'There is one.' } } };

async function told(...routes: [url: string, config: object][]): Promise<ServiceDocument> {
  const fastify = Fastify();
  installServiceDocument(fastify);
  for (const [url, config] of routes) fastify.post(url, { config }, () => '');
  return (await fastify.inject('/openapi/own.json')).json();
}

describe("a service's part of the API", () => {
  it('names a route without documentation, and one whose errors have no schema', async () => {
    const { undocumented, paths } = await told(['/v1/silent', { requires }], ['/v1/dialect', { requires, doc, errorBody: () => ({}) }], ['/open', { open: true }]);
    expect(undocumented).toEqual(['POST /v1/silent', 'POST /v1/dialect']);
    expect(paths).toEqual({});
  });

  it('has the schemas that check a request, with names where they have one', async () => {
    const { paths, schemas } = await told(['/v1/things/:thing_id', { requires, doc }]);
    expect(paths['/v1/things/{thing_id}']!['post']).toMatchObject({
      operationId: 'makeThing',
      security: [{ bearer: ['read'] }, { apiKey: ['read'] }],
      parameters: [
        { name: 'thing_id', in: 'path', required: true, schema: { type: 'string' } },
        { name: 'limit', in: 'query', required: false, schema: { type: 'integer', maximum: 9, default: 5 } },
      ],
      requestBody: { required: true, content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } } },
      responses: { 201: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } } }, 409: { content: { 'application/problem+json': {} } } },
    });
    expect(schemas['Thing']).toEqual({ type: 'object', properties: { id: { type: 'string' } }, required: ['id'], additionalProperties: false });
  });

  it('calls the same operation at another path another operation', async () => {
    const { paths } = await told(['/v1/things/make', { requires, doc }], ['/v1/things/create', { requires, doc }]);
    expect(Object.values(paths).map(({ post }) => (post as { operationId: string }).operationId)).toEqual(['makeThing', 'makeThingAsCreate']);
  });
});

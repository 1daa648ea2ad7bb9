import { expect, it } from '@jest/globals';
import { type FastifyRequest } from 'fastify';
import { readJson } from './read-json.js';

const asked = (text: string, type = 'application/json') => readJson({ body: Buffer.from(text), headers: { 'content-type': type } } as unknown as FastifyRequest);

it('a body that must be one object is, or is refused as not being one: lists of none, one and too many alike', async () => {
  expect(await asked('{"a":1}')).toEqual({ a: 1 });
  for (const text of ['[]', '[{"a":1}]', `[${'0,'.repeat(10_000)}0]`]) {
    await expect(asked(text)).rejects.toMatchObject({ status: 400, code: 'malformed_json', detail: 'The body must be one object.' });
  }
});

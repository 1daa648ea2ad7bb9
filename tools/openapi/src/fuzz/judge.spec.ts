import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { type ApiDocument } from '../api-document.js';
import { type Answer, Conformance } from '../conformance.js';
import { OPENAPI_FILE } from '../openapi-file.js';
import { curlLine, type FuzzRequest } from './fuzz-request.js';
import { judge } from './judge.js';

const api = new Conformance(JSON.parse(readFileSync(OPENAPI_FILE, 'utf8')) as ApiDocument);
const body = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const request: FuzzRequest = { kind: 'valid', role: 'admin', method: 'POST', target: '/v1/customers', headers: [['content-type', 'application/json']], body: body({ customer_id: 'acme' }) };
const customer = { customer_id: 'acme', name: null, created_by: 'admin', created_at: '2026-01-15T10:30:00.000Z' };
const json = (status: number, value: unknown): Answer => ({ status, contentType: 'application/json; charset=utf-8', text: JSON.stringify(value) });
const problem = (status: number, code: string, detail = 'So it is.'): Answer => ({ ...json(status, { type: 'about:blank', title: 'Error', status, code, detail }), contentType: 'application/problem+json; charset=utf-8' });

describe('the judge of answers', () => {
  it('has nothing against an answer as documented', () => {
    expect(judge(api, request, json(201, customer))).toBeNull();
    expect(judge(api, request, problem(409, 'customer_exists'))).toBeNull();
  });

  it.each<[string, Answer, RegExp]>([
    ['a defect of the server', problem(500, 'internal'), /^status 500/],
    ['a 503, since nothing is away', problem(503, 'dependency_unavailable'), /^status 503/],
    ['a status that is not documented', problem(418, 'teapot'), /418 is not documented/],
    ['a code that is not documented', problem(409, 'quota_exists'), /409.*code/],
    ['an error of another type than problem details', json(409, { type: 'about:blank' }), /of the type "application\/json"/],
    ['a field too many', json(201, { ...customer, secret: 1 }), /must NOT have additional properties/],
    ['a field too few', json(201, { customer_id: 'acme' }), /required property/],
    ['a stack', problem(422, 'validation_failed', 'TypeError\n    at read (/app/services/x/dist/main.js:3:1)'), /shows insides/],
    ['a success for a body that is not valid', json(201, customer), /calls invalid/],
    ['a success without a key', json(201, customer), /without a key/],
  ])('names %s', (what, answer, words) => {
    const asked = what.includes('not valid') ? { ...request, body: body({ customer_id: 7 }) } : what.includes('without a key') ? { ...request, role: 'nobody' as const } : request;
    expect(judge(api, asked, answer)).toMatch(words);
  });

  it('shows a request as a line for a shell, bytes that are no text included', () => {
    expect(curlLine({ ...request, body: body({ name: "it's" }) })).toBe(`curl -sS -i -X POST "$API"'/v1/customers' -H "X-API-Key: $ADMIN" -H 'content-type: application/json' --data-binary '{"name":"it'\\''s"}'`);
    expect(curlLine({ ...request, role: 'nobody', headers: [], body: Buffer.from([0xff]) })).toBe(`echo /w== | base64 -d | curl -sS -i -X POST "$API"'/v1/customers' --data-binary @-`);
  });
});

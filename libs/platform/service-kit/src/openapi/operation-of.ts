import { z } from 'zod';
import { type Requirement } from '../auth/principal.js';
import { BODY_PROBLEMS, COMMON_PROBLEMS, PATH_PROBLEMS, problemSchema } from './problem-schema.js';
import { type AnswerDoc, type Content, type RouteDoc } from './route-doc.js';
import { type JsonSchema, type SchemaShelf } from './schema-shelf.js';

const JSON_TYPE = 'application/json';
const PROBLEM_TYPE = 'application/problem+json';
const RETRY_LATER = [429, 503];

const retryAfter: Record<string, object> = { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'string', pattern: '^\\d+$' } } };

/** A route as an OpenAPI operation. @param path with `{name}` for its parameters */
export function operationOf(method: string, path: string, doc: RouteDoc, { scope, audience }: Requirement, shelf: SchemaShelf, errorSchema?: z.ZodType): object {
  const whose = audience === 'anyone' ? "of the operator or of a customer, who is confined to what is its own" : 'of the operator';
  return {
    operationId: doc.id,
    summary: doc.summary,
    description: `${doc.description ? `${doc.description}\n\n` : ''}For keys with the scope \`${scope}\`, ${whose}.`,
    tags: [doc.tag],
    security: [{ bearer: [scope] }, { apiKey: [scope] }],
    parameters: parametersOf(path, doc, shelf),
    ...(doc.body ? { requestBody: { required: doc.bodyOptional !== true, content: contentOf(doc.body, 'input', shelf) } } : {}),
    responses: joined(answersOf(doc, shelf), problemsOf(method, path, doc, shelf, errorSchema)),
  };
}

function parametersOf(path: string, { params = {}, query, headers = {} }: RouteDoc, shelf: SchemaShelf): object[] {
  const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name as string);
  const asked = query === undefined ? {} : shelf.jsonSchema(query, 'input');
  return [
    ...names.map((name) => parameter('path', name, shelf.jsonSchema(params[name] ?? z.string(), 'input'), true)),
    ...Object.entries((asked['properties'] ?? {}) as Record<string, JsonSchema>).map(([name, schema]) => parameter('query', name, schema, ((asked['required'] ?? []) as string[]).includes(name))),
    ...Object.entries(headers).map(([name, schema]) => parameter('header', name, shelf.jsonSchema(schema, 'input'), false)),
  ];
}

function parameter(place: string, name: string, { description, ...schema }: JsonSchema, required: boolean): object {
  return { name, in: place, required, ...(description === undefined ? {} : { description }), schema };
}

function contentOf(content: z.ZodType | Content, io: 'input' | 'output', shelf: SchemaShelf): object {
  const byType = content instanceof z.ZodType ? { [JSON_TYPE]: content } : content;
  return Object.fromEntries(Object.entries(byType).map(([type, schema]) => [type, { schema: shelf.jsonSchema(schema, io), ...exampleOf(schema) }]));
}

/** The first example of a schema, where viewers look for it. */
function exampleOf(schema: z.ZodType): object {
  const [example] = schema.meta()?.['examples'] as unknown[] | undefined ?? [];
  return example === undefined ? {} : { example };
}

interface Response {
  readonly description: string;
  readonly headers?: object;
  readonly content?: object;
}

/** A status that is an answer and an error as well (of another media type) is both. */
function joined(answers: Record<string, Response>, problems: Record<string, Response>): Record<string, Response> {
  const all = { ...answers };
  for (const [status, problem] of Object.entries(problems)) {
    const answer = all[status];
    all[status] = answer ? { description: `${answer.description}\n\n${problem.description}`, headers: { ...problem.headers, ...answer.headers }, content: { ...answer.content, ...problem.content } } : problem;
  }
  return all;
}

function answersOf({ answers }: RouteDoc, shelf: SchemaShelf): Record<string, Response> {
  return Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, answerOf(answer, shelf)]));
}

function answerOf(answer: z.ZodType | AnswerDoc | null, shelf: SchemaShelf): Response {
  if (answer === null) return { description: 'Done; there is no body.' };
  if (answer instanceof z.ZodType) return { description: answer.description ?? 'Done.', content: contentOf(answer, 'output', shelf) };
  const { description, content, headers } = answer;
  return {
    description,
    ...(headers ? { headers: Object.fromEntries(Object.entries(headers).map(([name, schema]) => [name, headerOf(shelf.jsonSchema(schema, 'output'))])) } : {}),
    ...(content ? { content: contentOf(content, 'output', shelf) } : {}),
  };
}

const headerOf = ({ description, ...schema }: JsonSchema): object => ({ ...(description === undefined ? {} : { description }), schema });

function problemsOf(method: string, path: string, doc: RouteDoc, shelf: SchemaShelf, errorSchema?: z.ZodType): Record<string, Response> {
  const all: Record<string, Record<string, string>> = {};
  for (const group of [COMMON_PROBLEMS, path.includes('{') ? PATH_PROBLEMS : {}, method === 'GET' ? {} : BODY_PROBLEMS, doc.problems ?? {}]) for (const [status, codes] of Object.entries(group)) all[status] = { ...all[status], ...codes };
  return Object.fromEntries(Object.entries(all).map(([status, codes]) => [status, problemOf(Number(status), codes, shelf, errorSchema)]));
}

/** A status's answer: problem details with one of its codes, or what the dialect's errors look like. */
function problemOf(status: number, codes: Record<string, string>, shelf: SchemaShelf, errorSchema?: z.ZodType): Response {
  const description = Object.entries(codes)
    .map(([code, when]) => (errorSchema ? when : `\`${code}\`: ${when}`))
    .join('\n\n');
  const schema = errorSchema ? shelf.jsonSchema(errorSchema, 'output') : { allOf: [shelf.jsonSchema(problemSchema, 'output'), { properties: { status: { const: status }, code: { enum: Object.keys(codes) } } }] };
  return { description, ...(RETRY_LATER.includes(status) ? { headers: retryAfter } : {}), content: { [errorSchema ? JSON_TYPE : PROBLEM_TYPE]: { schema } } };
}

import { type ServiceDocument } from '@ledgerline/service-kit';
import { API, API_TAGS } from './api-description.js';

export interface Operation {
  operationId: string;
  tags: string[];
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: Record<string, { schema: object }> };
  responses: Record<string, Response | { $ref: string }>;
  security?: object[];
}

export interface Response {
  description: string;
  headers?: object;
  content?: Record<string, { schema: object }>;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  schema: Record<string, unknown>;
}

/** An OpenAPI 3.1 document, as far as it is read here. */
export interface ApiDocument {
  openapi: string;
  tags: readonly { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; responses: Record<string, Response> };
}

const METHODS = ['post', 'get', 'put', 'patch', 'delete'];

/**
 * The whole API, of the parts that the services tell of themselves. Routes stand in the order of the tags, then as the services have them.
 *
 * @throws naming every route that is not documented, and what two parts say differently
 */
export function apiDocument(parts: Readonly<Record<string, ServiceDocument>>): ApiDocument {
  const undocumented = Object.entries(parts).flatMap(([service, part]) => part.undocumented.map((route) => `${service}: ${route}`));
  if (undocumented.length > 0) throw new Error(`Without @Documented (or @ErrorBody without a schema): ${undocumented.join(', ')}`);
  const paths: ApiDocument['paths'] = structuredClone(API.paths) as unknown as ApiDocument['paths'];
  const schemas: Record<string, object> = {};
  for (const part of Object.values(parts)) {
    for (const [path, operations] of Object.entries(part.paths)) put(paths, path, { ...paths[path], ...(operations as Record<string, Operation>) });
    for (const [name, schema] of Object.entries(part.schemas)) {
      if (schemas[name] !== undefined && JSON.stringify(schemas[name]) !== JSON.stringify(schema)) throw new Error(`Two schemas are called ${name}.`);
      put(schemas, name, schema);
    }
  }
  const ordered = Object.entries(paths).sort(([, one], [, two]) => rankOf(one) - rankOf(two));
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  const tags = API_TAGS.filter(({ name }) => operations.some((operation) => operation.tags.includes(name)));
  const responses = shareResponses(operations);
  return { ...API, tags, paths: Object.fromEntries(ordered.map(([path, methods]) => [path, inOrder(methods)])), components: { ...API.components, responses, schemas: sorted(schemas) } };
}

/** Keeps the most frequent answer of each error status once, and refers to it. */
function shareResponses(operations: readonly Operation[]): Record<string, Response> {
  const shared: Record<string, Response> = {};
  const statuses = new Set(operations.flatMap(({ responses }) => Object.keys(responses)).filter((status) => status >= '400'));
  for (const status of [...statuses].sort()) {
    const alike = Map.groupBy(operations.filter(({ responses }) => responses[status]), ({ responses }) => JSON.stringify(responses[status]));
    const [text, users] = [...alike].sort(([, a], [, b]) => b.length - a.length)[0]!;
    if (users.length < 3) continue;
    shared[`Problem${status}`] = JSON.parse(text) as Response;
    for (const { responses } of users) responses[status] = { $ref: `#/components/responses/Problem${status}` };
  }
  return shared;
}

function put<T>(into: Record<string, T>, name: string, value: T): void {
  into[name] = value;
}

function rankOf(operations: Record<string, Operation>): number {
  return Math.min(...Object.values(operations).map(({ operationId, tags: [tag = ''] }) => {
    const rank = API_TAGS.findIndex(({ name }) => name === tag);
    if (rank < 0) throw new Error(`${operationId} has the tag "${tag}", which is none of API_TAGS.`);
    return rank;
  }));
}

const inOrder = (operations: Record<string, Operation>): Record<string, Operation> => Object.fromEntries(METHODS.flatMap((method) => (operations[method] ? [[method, operations[method]]] : [])));
const sorted = <T>(record: Record<string, T>): Record<string, T> => Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

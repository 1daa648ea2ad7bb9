import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { type ApiDocument, type Operation, type Response } from './api-document.js';

export interface Answer {
  readonly status: number;
  /** '' where it has none. */
  readonly contentType: string;
  /** '' where it has none. */
  readonly text: string;
}

/** Holds requests and answers against a document. */
export class Conformance {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: false, logger: false });
  private readonly compiled = new Map<string, ValidateFunction>();
  private readonly routes: { pattern: RegExp; path: string }[];

  constructor(readonly document: ApiDocument) {
    this.ajv.addSchema(document, 'api');
    // What is written out comes before what a parameter may stand for.
    this.routes = Object.keys(document.paths)
      .map((path) => ({ path, pattern: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`) }))
      .sort((a, b) => a.path.split('{').length - b.path.split('{').length);
  }

  /** The documented route of a request. @param path without its query */
  routeOf(method: string, path: string): { path: string; operation: Operation } | undefined {
    for (const route of this.routes) {
      const operation = this.document.paths[route.path]?.[method.toLowerCase()];
      if (operation && route.pattern.test(path)) return { path: route.path, operation };
    }
    return undefined;
  }

  /** What an answer has that the document does not say; none when all is well. @param path as documented */
  problems(method: string, path: string, { status, contentType, text }: Answer): string[] {
    const listed = this.document.paths[path]?.[method.toLowerCase()]?.responses[status];
    const shared = listed && '$ref' in listed ? listed.$ref.slice(listed.$ref.lastIndexOf('/') + 1) : undefined;
    const response = shared === undefined ? (listed as Response | undefined) : this.document.components.responses[shared];
    if (!response) return [`status ${status} is not documented: ${text.slice(0, 300)}`];
    const [type = ''] = contentType.split(';');
    if (!response.content) return text === '' ? [] : [`status ${status} has a body: ${text.slice(0, 300)}`];
    if (!response.content[type]) return [`status ${status} is of the type "${type}", not ${Object.keys(response.content).join(' or ')}: ${text.slice(0, 300)}`];
    if (type === NDJSON) return isLinesOfJson(text) ? [] : [`status ${status} is not a JSON value in each line: ${text.slice(0, 300)}`];
    if (!type.endsWith('json')) return [];
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return [`status ${status} is no JSON: ${text.slice(0, 300)}`];
    }
    const place = shared === undefined ? ['paths', path, method.toLowerCase(), 'responses', String(status)] : ['components', 'responses', shared];
    const errors = this.errors([...place, 'content', type, 'schema'], value);
    return errors.map((error) => `status ${status}: ${wordsOf(error)}: ${text.slice(0, 500)}`);
  }

  /** Whether the document calls a JSON body valid. @param path as documented */
  acceptsBody(method: string, path: string, body: unknown): boolean {
    return this.errors(['paths', path, method.toLowerCase(), 'requestBody', 'content', 'application/json', 'schema'], body).length === 0;
  }

  /** What is wrong with a value by the schema at a place of the document. */
  errors(place: readonly string[], value: unknown): readonly ErrorObject[] {
    const pointer = `api#/${place.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;
    let validate = this.compiled.get(pointer);
    if (!validate) this.compiled.set(pointer, (validate = this.ajv.compile({ $ref: pointer })));
    return validate(value) ? [] : (validate.errors ?? []);
  }
}

const NDJSON = 'application/x-ndjson';

function isLinesOfJson(text: string): boolean {
  try {
    for (const line of text.split('\n')) if (line !== '') JSON.parse(line);
    return text === '' || text.endsWith('\n');
  } catch {
    return false;
  }
}

const wordsOf = ({ instancePath, message, params }: ErrorObject): string => `${instancePath || 'the body'} ${message} (${JSON.stringify(params)})`;

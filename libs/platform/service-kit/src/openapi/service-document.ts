import { type FastifyInstance, type RouteOptions } from 'fastify';
import { operationOf } from './operation-of.js';
import { type JsonSchema, SchemaShelf } from './schema-shelf.js';

/** A service's part of the API: what `tools/openapi` puts together. */
export interface ServiceDocument {
  readonly paths: Record<string, Record<string, object>>;
  readonly schemas: Record<string, JsonSchema>;
  /** Routes that ask for a key and have no `@Documented`, or errors of a dialect without a schema. */
  readonly undocumented: readonly string[];
}

/**
 * Remembers every route from here on, and tells of them at `/openapi/own.json`, without a key. The whole of the API is at
 * `/openapi.json` of the read API.
 */
export function installServiceDocument(fastify: FastifyInstance): void {
  const routes: RouteOptions[] = [];
  let document: ServiceDocument | undefined;
  fastify.addHook('onRoute', (route) => void routes.push(route));
  fastify.get('/openapi/own.json', { config: { open: true } }, () => (document ??= documentOf(routes)));
}

function documentOf(routes: readonly RouteOptions[]): ServiceDocument {
  const shelf = new SchemaShelf();
  const paths: ServiceDocument['paths'] = {};
  const undocumented: string[] = [];
  const ids = new Set<string>();
  // What is open is so decided after this hook has seen the route.
  for (const { url, method, config = {} } of routes.filter((route) => route.config?.open !== true)) {
    const path = url.replace(/:(\w+)/g, '{$1}');
    for (const verb of [method].flat().filter((one) => one !== 'HEAD')) {
      const { doc, requires, errorBody, errorSchema } = config;
      if (!doc || !requires || (errorBody && !errorSchema)) {
        undocumented.push(`${verb} ${path}`);
        continue;
      }
      // Another path to the same is an operation of its own.
      const id = ids.has(doc.id) ? `${doc.id}As${capital(path.slice(path.lastIndexOf('/') + 1))}` : doc.id;
      ids.add(id);
      (paths[path] ??= {})[verb.toLowerCase()] = operationOf(verb, path, { ...doc, id }, requires, shelf, errorSchema);
    }
  }
  return { paths, schemas: shelf.schemas, undocumented };
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

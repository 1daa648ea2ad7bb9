import { type z } from 'zod';
import { addRouteSettings } from '../http/route-settings.js';

/** Content by its media type. */
export type Content = Readonly<Record<string, z.ZodType>>;

/** An answer that is more than one JSON value of one schema. */
export interface AnswerDoc {
  readonly description: string;
  /** Without one: no body. */
  readonly content?: Content;
  /** Headers of the answer, by name. */
  readonly headers?: Readonly<Record<string, z.ZodType>>;
}

/**
 * What a route takes and answers, for people and for `/openapi.json`. Schemas of what is taken are those that check it.
 *
 * What every route may answer (401, 403, 429, 500, 503; 414 with parameters in its path; 408, 413 and 415 unless it is a GET) is added to it.
 */
export interface RouteDoc {
  /** `operationId`: unique, verb first, such as `createKey`. */
  readonly id: string;
  /** A few words, such as `Make a key`. */
  readonly summary: string;
  /** Markdown. */
  readonly description?: string;
  /** What it is listed under; one of `API_TAGS` in tools/openapi. */
  readonly tag: string;
  /** Path parameters by name; a text that says nothing more unless given. */
  readonly params?: Readonly<Record<string, z.ZodType>>;
  /** An object with a property for each parameter. */
  readonly query?: z.ZodType;
  /** Request headers by name; all of them optional. */
  readonly headers?: Readonly<Record<string, z.ZodType>>;
  /** A JSON body, or bodies by media type. */
  readonly body?: z.ZodType | Content;
  /** A request without a body is one, too. */
  readonly bodyOptional?: boolean;
  /** By status: the schema of a JSON answer, null for none, or all that there is to say. */
  readonly answers: Readonly<Record<number, z.ZodType | AnswerDoc | null>>;
  /** Errors by status and stable code, each with when it is given. */
  readonly problems?: Readonly<Record<number, Readonly<Record<string, string>>>>;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    doc?: RouteDoc;
    /** Schema of what `errorBody` makes. */
    errorSchema?: z.ZodType;
  }
}

/** Documents a route. Every route that asks for a key has to be documented: a test compares with the routes that there are. */
export function Documented(doc: RouteDoc): MethodDecorator {
  return (target, key, descriptor) => addRouteSettings(target, key, descriptor as PropertyDescriptor, { doc });
}

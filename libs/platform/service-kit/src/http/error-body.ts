import { type z } from 'zod';
import { type ProblemError } from './problem-error.js';
import { addRouteSettings, methodsOf } from './route-settings.js';

/** How a route that speaks another API's dialect words its errors: what is sent as JSON. */
export type ErrorBodyOf = (problem: ProblemError) => object;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** RFC 9457 problem details when it says nothing. */
    errorBody?: ErrorBodyOf;
  }
}

/**
 * Makes every error of a controller's routes, that of a missing key included, look as the dialect has it. The status stays.
 *
 * @param errorSchema of what `errorBody` makes, for the documentation
 */
export function ErrorBody(errorBody: ErrorBodyOf, errorSchema?: z.ZodType): ClassDecorator {
  return (target) => {
    const { prototype } = target as unknown as { prototype: object };
    for (const [name, method] of methodsOf(target)) addRouteSettings(prototype, name, method, { errorBody, errorSchema });
  };
}

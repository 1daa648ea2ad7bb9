import { type z } from 'zod';
import { ProblemError } from './problem-error.js';

/**
 * Checks a body or query against a schema.
 *
 * @throws ProblemError 422 `validation_failed` naming every bad field; values are not repeated.
 */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown): z.infer<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ field: [...issue.path, key].join('.'), reason: 'unknown field' }))
      : [{ field: issue.path.join('.') || 'body', reason: issue.message.replace(/^Invalid input: /, '') }],
  );
  throw new ProblemError(422, 'validation_failed', `The request has ${errors.length} bad field${errors.length === 1 ? '' : 's'}.`, errors);
}

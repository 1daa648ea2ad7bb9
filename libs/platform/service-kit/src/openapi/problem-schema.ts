import { z } from 'zod';

/** RFC 9457 problem details as `problemBody` makes them. */
export const problemSchema = z
  .strictObject({
    type: z.literal('about:blank'),
    title: z.string().meta({ description: "The status's own words." }),
    status: z.int().min(400).max(599),
    code: z.string().regex(/^[a-z][a-z0-9_]*$/).meta({ description: 'Stable: programs decide by it.' }),
    detail: z.string().meta({ description: 'For people; its words may change.' }),
    errors: z
      .array(z.strictObject({ field: z.string().meta({ description: 'A path such as `usage.input_tokens`.' }), reason: z.string() }))
      .min(1)
      .optional()
      .meta({ description: 'The bad fields.' }),
  })
  .meta({
    id: 'Problem',
    description: 'What went wrong (RFC 9457).',
    examples: [{ type: 'about:blank', title: 'Unprocessable Entity', status: 422, code: 'validation_failed', detail: 'The request has 1 bad field.', errors: [{ field: 'name', reason: 'must not be empty' }] }],
  });

/** What any route that asks for a key may answer, by status and code. */
export const COMMON_PROBLEMS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  400: { bad_request: 'The request is not one that can be read.' },
  401: { unauthenticated: 'There is no key, or it is unknown, revoked or expired.' },
  403: { forbidden: 'The key may not do this.' },
  429: { rate_limited: 'The key has a limit, and this is over it. `Retry-After` says when to ask again.' },
  500: { internal: 'A defect of the service. Its cause stands in the log alone.' },
  503: {
    keys_unavailable: 'The keys are not loaded yet.',
    identity_provider_unavailable: 'The keys of the identity provider cannot be read.',
    dependency_unavailable: 'A database cannot be reached.',
    service_unavailable: 'The service cannot be reached. What was sent may have been taken: send it again with the same ids.',
  },
};

/** What a route with parameters in its path may answer as well. */
export const PATH_PROBLEMS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  400: { malformed_url: 'The path is not validly percent-encoded.' },
  414: { uri_too_long: 'A part of the path is longer than any id.' },
};

/** What a route of any method but GET may answer as well: a body is read, even where none is expected. */
export const BODY_PROBLEMS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  400: { malformed_json: 'The body is not JSON.', invalid_content_length: 'The body is not as long as its Content-Length says.' },
  408: { request_timeout: 'The body did not arrive in time.' },
  413: { body_too_large: 'The body is larger than this route accepts.' },
  415: { unsupported_media_type: 'The Content-Type is not one that this route reads.' },
};

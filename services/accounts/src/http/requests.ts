import { SCOPES } from '@ledgerline/service-kit';
import { z } from 'zod';

const LONGEST_NAME = 256;
const MOST_PER_SECOND = 1_000_000;
const DEFAULT_OVERLAP_S = 24 * 60 * 60;
const MOST_OVERLAP_S = 90 * DEFAULT_OVERLAP_S;

/** Text as events carry it: no control characters, at most 256 characters, well-formed. */
const text = z
  .string('expected text')
  .min(1, 'must not be empty')
  .max(LONGEST_NAME, `must be at most ${LONGEST_NAME} characters long`)
  .refine((value) => value.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(value), 'must not contain control characters or broken Unicode');

const limit = z.coerce.number('expected a number from 1 to 1000').int('expected a whole number').min(1, 'expected 1 or more').max(1000, 'expected at most 1000').default(100);

const perSecond = z.number('expected a number').int('expected a whole number').min(1, 'must be at least 1').max(MOST_PER_SECOND, `must be at most ${MOST_PER_SECOND}`).nullable().default(null);

/** Body of POST /v1/keys. */
export const newKeyRequest = z.strictObject({
  name: text,
  scopes: z
    .array(z.enum(SCOPES, `expected ${SCOPES.join(', ')}`), 'expected a list of scopes')
    .min(1, 'must name at least one scope')
    .refine((scopes) => new Set(scopes).size === scopes.length, 'names a scope twice'),
  customer_id: text.nullish(),
  user_id: text.nullish(),
  limits: z.strictObject({ requests_per_second: perSecond, events_per_second: perSecond }).default({ requests_per_second: null, events_per_second: null }),
  expires_at: z.iso.datetime({ offset: true, error: 'expected an RFC 3339 time with its offset' }).nullish(),
});

/** Body of POST /v1/keys/{id}/rotate. */
export const rotationRequest = z.strictObject({
  overlap_seconds: z.number('expected a number of seconds').int('expected a whole number').min(0, 'must not be negative').max(MOST_OVERLAP_S, `must be at most ${MOST_OVERLAP_S}`).default(DEFAULT_OVERLAP_S),
});

/** Body of POST /v1/customers. */
export const newCustomerRequest = z.strictObject({ customer_id: text, name: text.nullish() });

/** Body of POST /v1/users. */
export const newUserRequest = z.strictObject({
  subject: text,
  email: z.email('expected an e-mail address').nullish(),
  name: text.nullish(),
  customer_id: text.nullish(),
  role: z.enum(['admin', 'viewer', 'member'], 'expected admin, viewer or member'),
});

/** Query of GET /v1/users. */
export const usersQuery = z.strictObject({ customer_id: text.optional(), limit, cursor: z.uuid('expected the next_cursor of an earlier answer').optional() });

/** Body of POST /v1/projects. */
export const newProjectRequest = z.strictObject({
  id: z.uuid('expected a UUID').transform((id) => id.toLowerCase()).optional(),
  customer_id: text.optional(),
  name: text.nullish(),
});

/** Query of GET /v1/projects. */
export const projectsQuery = z.strictObject({ customer_id: text.optional(), limit, cursor: z.uuid('expected the next_cursor of an earlier answer').optional() });

/** Query of GET /v1/keys. */
export const keysQuery = z.strictObject({ customer_id: text.optional(), limit, cursor: z.uuid('expected the next_cursor of an earlier answer').optional() });

/** Query of GET /v1/customers. */
export const customersQuery = z.strictObject({ limit, cursor: text.optional() });

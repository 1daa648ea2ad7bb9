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
  .refine((value) => value.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(value), 'must not contain control characters or broken Unicode')
  .meta({ pattern: '^[^\\u0000-\\u001f\\u007f]*$' });

const cursor = z.uuid('expected the next_cursor of an earlier answer').optional().meta({ description: 'The `next_cursor` of the page before.' });
const ofCustomer = text.optional().meta({ description: "Only this customer's." });

const limit = z.coerce.number('expected a number from 1 to 1000').int('expected a whole number').min(1, 'expected 1 or more').max(1000, 'expected at most 1000').default(100).meta({ description: 'How many at most.' });

const perSecond = z.number('expected a number').int('expected a whole number').min(1, 'must be at least 1').max(MOST_PER_SECOND, `must be at most ${MOST_PER_SECOND}`).nullable().default(null).meta({ description: 'null: no limit.' });

/** Body of POST /v1/keys. */
export const newKeyRequest = z.strictObject({
  name: text.meta({ description: 'For people.' }),
  scopes: z
    .array(z.enum(SCOPES, `expected ${SCOPES.join(', ')}`), 'expected a list of scopes')
    .min(1, 'must name at least one scope')
    .refine((scopes) => new Set(scopes).size === scopes.length, 'names a scope twice')
    .meta({ uniqueItems: true, description: 'What it may be used for; none includes another.' }),
  customer_id: text.nullish().meta({ description: "Whose key it is; null: the operator's." }),
  user_id: text.nullish().meta({ description: 'The user of the customer that it acts for; null: none in particular.' }),
  limits: z.strictObject({ requests_per_second: perSecond, events_per_second: perSecond }).default({ requests_per_second: null, events_per_second: null }),
  expires_at: z.iso.datetime({ offset: true, error: 'expected an RFC 3339 time with its offset' }).nullish().meta({ description: 'When it ends by itself, in the future; null: never.' }),
}).meta({ id: 'NewKey', examples: [{ name: 'gateway', scopes: ['ingest'], limits: { requests_per_second: 50, events_per_second: 5000 } }] });

/** Body of POST /v1/keys/{id}/rotate. */
export const rotationRequest = z.strictObject({
  overlap_seconds: z.number('expected a number of seconds').int('expected a whole number').min(0, 'must not be negative').max(MOST_OVERLAP_S, `must be at most ${MOST_OVERLAP_S}`).default(DEFAULT_OVERLAP_S).meta({ description: 'For how long the old key opens still, in seconds.' }),
}).meta({ id: 'KeyRotation', examples: [{ overlap_seconds: 3600 }] });

/** Body of POST /v1/customers. */
export const newCustomerRequest = z.strictObject({ customer_id: text, name: text.nullish() }).meta({ id: 'NewCustomer', examples: [{ customer_id: 'acme', name: 'Acme Corporation' }] });

/** Body of POST /v1/users. */
export const newUserRequest = z.strictObject({
  subject: text.meta({ description: 'The `sub` of the tokens that the identity provider signs for the user.' }),
  email: z.email('expected an e-mail address').nullish(),
  name: text.nullish(),
  customer_id: text.nullish().meta({ description: 'Whose member it is; null: of the operator.' }),
  role: z.enum(['admin', 'viewer', 'member'], 'expected admin, viewer or member').meta({ description: '`admin` or `member` of a customer, `admin` or `viewer` of the operator.' }),
}).meta({ id: 'NewUser', examples: [{ subject: 'user_2abc', customer_id: 'acme', role: 'member' }] });

/** Query of GET /v1/users. */
export const usersQuery = z.strictObject({ customer_id: ofCustomer, limit, cursor });

/** Body of POST /v1/projects. */
export const newProjectRequest = z.strictObject({
  id: z.uuid('expected a UUID').transform((id) => id.toLowerCase()).optional().meta({ description: 'Made unless given.' }),
  customer_id: text.optional().meta({ description: "May be left out by a customer's key." }),
  name: text.nullish(),
}).meta({ id: 'NewProject', examples: [{ customer_id: 'acme', name: 'Search' }] });

/** Query of GET /v1/projects. */
export const projectsQuery = z.strictObject({ customer_id: ofCustomer, limit, cursor });

/** Query of GET /v1/keys. */
export const keysQuery = z.strictObject({ customer_id: ofCustomer, limit, cursor });

/** Query of GET /v1/customers. */
export const customersQuery = z.strictObject({ limit, cursor: text.optional().meta({ description: 'The `next_cursor` of the page before.' }) });

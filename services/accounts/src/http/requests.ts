import { z } from 'zod';

const LONGEST_NAME = 256;

/** Text as events carry it: no control characters, at most 256 characters, well-formed. */
const text = z
  .string('expected text')
  .min(1, 'must not be empty')
  .max(LONGEST_NAME, `must be at most ${LONGEST_NAME} characters long`)
  .refine((value) => value.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(value), 'must not contain control characters or broken Unicode');

const limit = z.coerce.number('expected a number from 1 to 1000').int('expected a whole number').min(1, 'expected 1 or more').max(1000, 'expected at most 1000').default(100);

/** Body of POST /v1/keys. */
export const newKeyRequest = z.strictObject({ name: text, role: z.enum(['admin', 'producer'], 'expected admin or producer') });

/** Body of POST /v1/customers. */
export const newCustomerRequest = z.strictObject({ customer_id: text, name: text.nullish() });

/** Query of GET /v1/keys. */
export const keysQuery = z.strictObject({ limit, cursor: z.uuid('expected the next_cursor of an earlier answer').optional() });

/** Query of GET /v1/customers. */
export const customersQuery = z.strictObject({ limit, cursor: text.optional() });

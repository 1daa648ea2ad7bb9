import { z } from 'zod';

export const time = z.iso.datetime();
export const uuid = z.uuid();

/** One page of a list. */
export const pageOf = (item: z.ZodType, cursor: z.ZodType = uuid): z.ZodType =>
  z.strictObject({ data: z.array(item), next_cursor: cursor.nullable().meta({ description: 'For `cursor`, to get the next page; null on the last.' }) });

export const INVALID = { 422: { validation_failed: '`errors` names every bad field.' } };
export const NO_CUSTOMER = { 404: { customer_not_found: "A customer's key asks for another customer." } };

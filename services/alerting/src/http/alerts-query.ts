import { z } from 'zod';
import { ALERT_KINDS } from '../application/ports.js';
import { fromCursor } from './alert-cursor.js';

/** Query of GET /v1/alerts. */
export const alertsQuery = z.strictObject({
  kind: z.enum(ALERT_KINDS, `expected ${ALERT_KINDS.join(' or ')}`).optional().meta({ description: 'About a quota, or about what is held back.' }),
  customer_id: z
    .string()
    .min(1, 'must not be empty')
    .max(256, 'must be at most 256 characters long')
    .refine((text) => !text.includes('\0'), 'must not contain U+0000')
    .optional()
    .meta({ description: "Only this customer's." }),
  quota_id: z.uuid('expected the id of a quota').optional(),
  status: z.enum(['active', 'resolved'], 'expected active or resolved').optional(),
  acknowledged: z
    .enum(['true', 'false'], 'expected true or false')
    .transform((text) => text === 'true')
    .optional()
    .meta({ description: 'Whether somebody has marked it as seen.' }),
  cursor: z
    .string()
    .transform((text, context) => {
      const place = fromCursor(text);
      if (place !== undefined) return place;
      context.addIssue({ code: 'custom', message: 'expected the next_cursor of an earlier answer' });
      return z.NEVER;
    })
    .optional()
    .meta({ description: 'The `next_cursor` of the page before.' }),
  limit: z.coerce
    .number('expected a number from 1 to 1000')
    .int('expected a whole number')
    .min(1, 'expected 1 or more')
    .max(1000, 'expected at most 1000')
    .default(100)
    .meta({ description: 'How many at most.' }),
});

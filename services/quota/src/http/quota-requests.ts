import { METRICS } from '@ledgerline/domain-quota';
import { decimalTextOf, DecimalError } from '@ledgerline/kernel';
import { z } from 'zod';

const LONGEST_NAME = 256;

/** A name as events carry it: no control characters, at most 256 characters, well-formed. */
const name = z
  .string('expected text')
  .min(1, 'must not be empty')
  .max(LONGEST_NAME, `must be at most ${LONGEST_NAME} characters long`)
  .refine((text) => text.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(text), 'must not contain control characters or broken Unicode')
  .meta({ pattern: '^[^\\u0000-\\u001f\\u007f]*$' });

/** A JSON number or a decimal string; comes out as plain decimal text. */
const decimal = z.union([z.string(), z.number()], 'expected a number or a decimal string').transform((value, context) => {
  if (typeof value === 'string') return value;
  try {
    return decimalTextOf(value);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof DecimalError ? error.reason : 'expected a number' });
    return z.NEVER;
  }
}).meta({ pattern: '^\\d+(\\.\\d+)?$', exclusiveMinimum: 0, description: "Above 0, in the metric's unit: exact as a decimal string." });

const thresholds = z
  .array(z.number('expected whole percents').meta({ type: 'integer', minimum: 1, maximum: 1000 }), 'expected a list of percents')
  .max(10, 'expected at most 10 thresholds')
  .meta({ minItems: 1, uniqueItems: true, description: 'Percents of the limit at which an alert is raised.' });

/** Body of POST /v1/quotas. */
export const newQuotaRequest = z.strictObject({
  customer_id: name,
  metric: z.enum(METRICS as readonly [string, ...string[]], `expected one of ${METRICS.join(', ')}`),
  limit: decimal,
  provider: name.nullish().meta({ description: 'Only usage of this provider.' }),
  model: name.nullish().meta({ description: 'Only usage of this model.' }),
  thresholds: thresholds.optional().meta({ description: '`[80, 100]` unless given.' }),
  period: z.literal('month', 'expected "month"').optional(),
}).meta({ id: 'NewQuota', examples: [{ customer_id: 'acme', metric: 'tokens', limit: 1000000, thresholds: [80, 100] }] });

/** Body of PUT /v1/quotas/{id}; thresholds that are not given stay as they are. */
export const changedQuotaRequest = z.strictObject({ limit: decimal, thresholds: thresholds.optional() }).meta({ id: 'ChangedQuota', examples: [{ limit: '2000000' }] });

const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])(-01)?$/, 'expected a month such as 2023-11').meta({ description: 'The month whose value is shown; the present one unless given.', examples: ['2026-01'] });

/** Query of GET /v1/quotas/{id}. */
export const quotaQuery = z.strictObject({ period: month.optional() });

/** Query of GET /v1/quotas. */
export const quotasQuery = z.strictObject({
  customer_id: name.optional(),
  metric: z.enum(METRICS as readonly [string, ...string[]], `expected one of ${METRICS.join(', ')}`).optional(),
  period: month.optional(),
  cursor: z.uuid('expected the next_cursor of an earlier answer').optional().meta({ description: 'The `next_cursor` of the page before.' }),
  limit: z.coerce
    .number('expected a number from 1 to 1000')
    .int()
    .min(1, 'expected 1 or more')
    .max(1000, 'expected at most 1000')
    .default(100)
    .meta({ description: 'How many at most.' }),
});

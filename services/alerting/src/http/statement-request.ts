import { z } from 'zod';

const LONGEST_NOTE = 1000;

/** Body of POST /v1/alerts/{id}/acknowledge and /resolve; none at all is fine. */
export const statementRequest = z
  .strictObject({
    note: z
      .string('expected text')
      .min(1, 'must not be empty')
      .max(LONGEST_NOTE, `must be at most ${LONGEST_NOTE} characters long`)
      .refine((text) => text.isWellFormed() && !text.includes('\0'), 'must not contain U+0000 or broken Unicode')
      .nullish()
      .meta({ pattern: '^[^\\u0000]*$', description: 'For people of the operator: customers do not see it.' }),
  })
  .meta({ id: 'AlertStatement', examples: [{ note: 'The limit is raised from next month on.' }] });

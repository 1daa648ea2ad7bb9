import { z } from 'zod';

/** Body of POST /v1/quarantine/{id}/discard. */
export const discardRequest = z
  .strictObject({
    reason: z.string('expected why it is given up').trim().min(1, 'must not be empty').max(1000, 'must be at most 1000 characters long'),
  })
  .meta({ id: 'DiscardRequest', examples: [{ reason: 'a test that ran wild' }] });

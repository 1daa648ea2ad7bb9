import { type RouteDoc } from '@ledgerline/service-kit';
import { z } from 'zod';

const KEY = z.string().min(1).max(255).regex(/^[ -~]+$/).meta({ description: 'A request that is sent again with the same key within a day is carried out once and answered alike.' });

const PROBLEMS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  400: { bad_header: 'The Idempotency-Key cannot be one.' },
  409: { idempotency_key_in_use: 'A request with this Idempotency-Key is under way.', idempotent_answer_lost: 'It was carried out, and what it answered cannot be told again.' },
  422: { idempotency_key_reused: 'The Idempotency-Key was used before for another request.' },
};

/** The document of a route that goes through `Changes.once`: what an Idempotency-Key means there. */
export function repeatable(doc: RouteDoc): RouteDoc {
  const problems = { ...doc.problems };
  for (const [status, codes] of Object.entries(PROBLEMS)) problems[Number(status)] = { ...problems[Number(status)], ...codes };
  return { ...doc, headers: { 'Idempotency-Key': KEY, ...doc.headers }, problems };
}

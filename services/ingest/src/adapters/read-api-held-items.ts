import { z } from 'zod';
import { type HeldItem, type HeldItems } from '../application/held-items.js';
import { type Caller, ReadingForbiddenError, RecordUnavailableError } from '../application/recorded-events.js';

/** It waits itself for what was acknowledged a moment ago. */
const TIMEOUT_MS = 15_000;

const answer = z.object({
  state: z.enum(['open', 'released', 'discarded']),
  outcome: z.string(),
  item: z.enum(['event', 'correction']),
  encoding: z.enum(['json', 'base64']),
  usage_id: z.string().nullable(),
  customer_id: z.string().nullable(),
  body: z.unknown(),
  resolution: z.object({ replayed_as: z.string().nullable() }).nullable(),
});

/** Asks the read API, as the caller. */
export class ReadApiHeldItems implements HeldItems {
  constructor(private readonly baseUrl: string) {}

  async find(id: string, caller: Caller): Promise<HeldItem | null> {
    const response = await this.ask(id, caller);
    if (response.status === 404) return null;
    if (response.status === 401 || response.status === 403) throw new ReadingForbiddenError();
    if (response.status !== 200) throw new RecordUnavailableError(`The read API answered ${response.status}.`);
    return itemOf(answer.parse(await response.json()));
  }

  private async ask(id: string, { headers }: Caller): Promise<Response> {
    try {
      return await fetch(new URL(`/v1/quarantine/${encodeURIComponent(id)}`, this.baseUrl), {
        headers,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      throw new RecordUnavailableError(`The read API did not answer: ${(error as Error).message}`);
    }
  }
}

function itemOf({ state, outcome, item, encoding, usage_id, customer_id, body, resolution }: z.infer<typeof answer>): HeldItem {
  const isEvent = item === 'event' && encoding === 'json' && typeof body === 'object' && body !== null;
  return {
    state,
    outcome,
    isEvent,
    usageId: usage_id,
    customerId: customer_id ?? '',
    event: isEvent ? (body as Record<string, unknown>) : {},
    replayedAs: resolution?.replayed_as ?? null,
  };
}

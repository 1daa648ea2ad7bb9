import { type ApiAnswer, type ApiTransport, describeProblem, reasonOf } from '../connection/api-client.js';
import { CliError } from '../exit.js';

/** An event the API refused for good, by its place in the batch. */
export interface Refusal {
  readonly index: number;
  readonly field: string;
  readonly reason: string;
}

/** How long to go on when nothing answers, and how to wait. Waiting is passed in, so that tests take no time. */
export interface RetryPolicy {
  /** Milliseconds without any progress after which the import gives up. */
  readonly giveUpMs: number;
  readonly nowMs: () => number;
  readonly sleepMs: (ms: number) => Promise<unknown>;
  /** Tells why something is being sent again. */
  readonly onRetry?: (reason: string) => void;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Sends events until each is accepted or refused. What the API does not know the fate of (503, `unknown`, no
 * answer) is sent again with the same identity, which counts once however often it arrives.
 *
 * @param events JSON texts, one an event
 * @returns the refused ones; every other event is accepted
 * @throws CliError when a request is refused as a whole, or nothing moves for `giveUpMs`
 */
export async function sendBatch(api: ApiTransport, events: readonly string[], policy: RetryPolicy): Promise<Refusal[]> {
  const refused: Refusal[] = [];
  let pending = events.map((_, index) => index);
  let pauseMs = FIRST_PAUSE_MS;
  let movedAtMs = policy.nowMs();
  while (pending.length > 0) {
    const answer = await attempt(api, pending.map((index) => events[index]!));
    const settled = settle(answer, pending, refused);
    if (settled.pending.length < pending.length) {
      movedAtMs = policy.nowMs();
      pauseMs = FIRST_PAUSE_MS;
    }
    pending = settled.pending;
    if (pending.length === 0) break;
    if (policy.nowMs() - movedAtMs >= policy.giveUpMs) {
      throw new CliError(`Gave up after ${Math.round(policy.giveUpMs / 1000)} s: ${settled.reason}. Run the same command again: what was recorded is not counted twice.`);
    }
    policy.onRetry?.(settled.reason);
    await policy.sleepMs(Math.max(pauseMs, (answer.retryAfterS ?? 0) * 1000));
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
  return refused.sort((a, b) => a.index - b.index);
}

const NO_ANSWER = 0;

async function attempt(api: ApiTransport, events: string[]): Promise<ApiAnswer> {
  try {
    return await api.send('POST', '/v1/events?backfill=true', `[${events.join(',')}]`, { prefer: 'return=minimal' });
  } catch (error) {
    return { status: NO_ANSWER, body: reasonOf(error) };
  }
}

interface EventResult {
  index: number;
  status: 'accepted' | 'rejected' | 'unknown';
  field?: string;
  reason?: string;
}

/** Reads one answer: notes what was refused, and gives back what must be sent again and why. */
function settle(answer: ApiAnswer, sent: readonly number[], refused: Refusal[]): { pending: number[]; reason: string } {
  if (answer.status === NO_ANSWER) return { pending: [...sent], reason: `no answer (${String(answer.body)})` };
  const results = (answer.body as { results?: EventResult[] } | undefined)?.results;
  if (!Array.isArray(results)) {
    if (answer.status === 202) return { pending: [], reason: '' };
    if ([429, 502, 503, 504].includes(answer.status)) return { pending: [...sent], reason: describeProblem(answer) };
    throw new CliError(`The API refused the request: ${describeProblem(answer)}`);
  }
  const pending: number[] = [];
  for (const result of results) {
    const index = sent[result.index];
    if (index === undefined) throw new CliError(`The API answered for event ${result.index} of a request of ${sent.length}.`);
    if (result.status === 'unknown') pending.push(index);
    if (result.status === 'rejected') refused.push({ index, field: result.field ?? '', reason: result.reason ?? '' });
  }
  return { pending, reason: `${pending.length} of ${sent.length} events were not acknowledged` };
}

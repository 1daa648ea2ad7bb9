import { type Caller, type CorrectionOutcome, NotOnRecordError, ReadingForbiddenError, type RecordedEvent, type RecordedEvents, RecordUnavailableError } from '../application/recorded-events.js';

/** The reader waits up to 5 s for what was acknowledged before. */
const TIMEOUT_MS = 10_000;

interface HistoryEntry {
  correction_id?: string;
  outcome: string;
  because?: { code: string; detail: string };
}

/** Asks the read API, as the caller. */
export class ReadApiEvents implements RecordedEvents {
  constructor(private readonly baseUrl: string) {}

  async find(usageId: string, caller: Caller): Promise<RecordedEvent> {
    const event = (await this.get(`/v1/events/${usageId}`, caller)) as Record<string, unknown> & { customer_id: string; state: string };
    return { customerId: event.customer_id, state: event.state, event };
  }

  async correction(usageId: string, correctionId: string, caller: Caller): Promise<CorrectionOutcome | null> {
    const { data } = (await this.get(`/v1/events/${usageId}/history`, caller)) as { data: HistoryEntry[] };
    const entry = data.find(({ correction_id }) => correction_id === correctionId);
    return entry === undefined ? null : { outcome: entry.outcome, code: entry.because?.code ?? '', detail: entry.because?.detail ?? '' };
  }

  private async get(path: string, { headers }: Caller): Promise<unknown> {
    const answer = await fetch(new URL(path, this.baseUrl), { headers, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((error: Error) => {
      throw new RecordUnavailableError(`The read API did not answer: ${error.message}`);
    });
    const body = (await answer.json().catch(() => ({}))) as { detail?: string };
    if (answer.ok) return body;
    if (answer.status === 401 || answer.status === 403) throw new ReadingForbiddenError();
    if (answer.status === 404 || answer.status === 410) throw new NotOnRecordError(answer.status === 410, body.detail ?? 'There is no such event.');
    throw new RecordUnavailableError(body.detail ?? `The read API answered ${answer.status}.`);
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import { type WholeStack } from '@ledgerline/local-stack';
import { randomNumbers } from '../schedule/random-numbers.js';
import { type Ledger, MODEL, type SentEvent } from './ledger.js';

/** All of its events are this customer's, whose quota they never use up: a sum that falls and rises again would raise an alert again. */
export const CORRECTED_CUSTOMER = 'corrected';

const PAUSE_MS = 150;
const RETRY_MS = 300;
const MOST_TOKENS = 1_000;

/**
 * Sends events one by one and corrects each: once or twice to other quantities, or to nothing. A correction is sent until it is
 * acknowledged, and some are sent once more with the same id, which must change nothing.
 *
 * @throws when something is refused: each event is acknowledged before it is corrected, and nobody else corrects it
 */
export class Corrector {
  private readonly random: () => number;
  private made = 0;
  private count = 0;
  private stopped = false;

  constructor(
    private readonly stack: WholeStack,
    private readonly ledger: Ledger,
    seed: number,
  ) {
    this.random = randomNumbers(seed);
  }

  /** Corrections acknowledged, each once. */
  get acknowledged(): number {
    return this.count;
  }

  finish(): void {
    this.stopped = true;
  }

  /** Resolves after `finish`, when everything it ever asked for is acknowledged. */
  async run(): Promise<void> {
    while (!this.stopped) {
      let event: SentEvent | null = { id: `corrected-${this.made++}`, customer: CORRECTED_CUSTOMER, inputTokens: this.tokens(), outputTokens: 0 };
      const usageId = await this.send(event);
      this.ledger.acknowledge(event);
      for (let turn = this.random() < 0.5 ? 1 : 2; turn > 0 && event; turn--) event = await this.correct(usageId, event, turn);
      await delay(PAUSE_MS);
    }
  }

  private async correct(usageId: string, before: SentEvent, turn: number): Promise<SentEvent | null> {
    const id = `${before.id}/${turn}`;
    const after: SentEvent | null = this.random() < 0.3 ? null : { ...before, inputTokens: this.tokens() };
    const body = after ? { kind: 'adjust', id, reason: 'chaos', usage: { input_tokens: after.inputTokens } } : { kind: 'void', id, reason: 'chaos' };
    for (let times = this.random() < 0.2 ? 2 : 1; times > 0; times--) await this.post(`/v1/events/${usageId}/corrections`, body);
    this.ledger.correct(before, after);
    this.count++;
    return after;
  }

  private async send({ id, customer, inputTokens }: SentEvent): Promise<string> {
    const body = { id, customer_id: customer, provider: MODEL.provider, model: MODEL.model, usage: { input_tokens: inputTokens }, occurred_at: new Date().toISOString() };
    const answer = await this.post<{ results: { usage_id: string }[] }>('/v1/events', body);
    return answer.results[0]!.usage_id;
  }

  /** Until it is acknowledged. An event may be refused for its time where the clock of ingest is wrong. */
  private async post<T>(path: string, body: object): Promise<T> {
    for (;;) {
      const { status, body: answer } = await this.stack.request<T & { errors?: unknown }>('POST', path, body).catch(() => ({ status: 503, body: {} as T }));
      if (status === 202) return answer;
      const wrongClock = status === 422 && JSON.stringify(answer).includes('occurred_at');
      if (status < 500 && !wrongClock) throw new Error(`POST ${path} was answered ${status}: ${JSON.stringify(answer)}`);
      await delay(RETRY_MS);
    }
  }

  private tokens(): number {
    return 1 + Math.floor(this.random() * MOST_TOKENS);
  }
}

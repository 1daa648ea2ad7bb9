import { setTimeout as delay } from 'node:timers/promises';
import { type WholeStack } from '@ledgerline/local-stack';
import { type Ledger, MODEL, type SentEvent } from './ledger.js';
import { randomNumbers } from '../schedule/random-numbers.js';

export interface ProducerOptions {
  readonly name: string;
  readonly seed: number;
  readonly stack: WholeStack;
  readonly ledger: Ledger;
  readonly customers: readonly string[];
}

const BATCH = 40;
const PAUSE_MS = 60;
const RETRY_MS = 250;
/** Part of what is sent that was acknowledged before: it is sent again with other times, tags and neighbours. */
const RESEND_SHARE = 0.2;
const REQUEST_MS = 15_000;

interface Result {
  readonly index: number;
  readonly status: 'accepted' | 'rejected' | 'unknown';
  /** Of what was rejected. */
  readonly field?: string;
}

/**
 * Sends events without end and trusts nothing but a 2xx: what was not acknowledged is sent again, in other batches, until it is.
 * @throws when an event is rejected, which none of these may be, but for its time where the clock of ingest is wrong
 */
export class Producer {
  private readonly random: () => number;
  private waiting: SentEvent[] = [];
  private made = 0;
  private stopped = false;

  constructor(private readonly options: ProducerOptions) {
    this.random = randomNumbers(options.seed);
  }

  /** Resolves after `finish`, when everything it ever sent is acknowledged. */
  async run(): Promise<void> {
    while (!this.stopped || this.waiting.length > 0) {
      while (!this.stopped && this.waiting.length < BATCH) this.waiting.push(this.make());
      const batch = this.shuffled(this.waiting).slice(0, BATCH);
      const again = this.resent();
      const accepted = await this.send([...batch, ...again]);
      const done = new Set(batch.filter((_, index) => accepted.has(index)));
      for (const event of done) this.options.ledger.acknowledge(event);
      this.waiting = this.waiting.filter((event) => !done.has(event));
      await delay(done.size === batch.length ? PAUSE_MS : RETRY_MS);
    }
  }

  /** No new events from now on. */
  finish(): void {
    this.stopped = true;
  }

  private make(): SentEvent {
    const { name, customers } = this.options;
    return {
      id: `${name}-${this.made++}`,
      customer: customers[Math.floor(this.random() * customers.length)]!,
      inputTokens: Math.floor(this.random() * 8_000),
      outputTokens: Math.floor(this.random() * 900),
    };
  }

  private resent(): SentEvent[] {
    const count = Math.round((BATCH * RESEND_SHARE) / (1 - RESEND_SHARE));
    return Array.from({ length: count }, () => this.options.ledger.earlier(this.random())).filter((event) => event !== undefined);
  }

  private shuffled(events: readonly SentEvent[]): SentEvent[] {
    return events.map((event) => ({ event, place: this.random() })).sort((a, b) => a.place - b.place).map(({ event }) => event);
  }

  /** The indexes that were acknowledged. */
  private async send(events: readonly SentEvent[]): Promise<Set<number>> {
    const { stack } = this.options;
    const now = Date.now();
    const body = events.map(({ id, customer, inputTokens, outputTokens }) => ({
      id,
      customer_id: customer,
      provider: MODEL.provider,
      model: MODEL.model,
      usage: { input_tokens: inputTokens, output_tokens: outputTokens },
      occurred_at: new Date(now - Math.floor(this.random() * 60_000)).toISOString(),
      tags: { try: String(Math.floor(this.random() * 1_000)) },
    }));
    try {
      const answer = await fetch(`${stack.url}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${stack.adminKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(REQUEST_MS),
      });
      const { results = [] } = (await answer.json()) as { results?: Result[] };
      const rejected = results.find(({ status, field }) => status === 'rejected' && field !== 'occurred_at');
      if (rejected) throw new RejectedError(JSON.stringify(rejected));
      return new Set(results.filter(({ status }) => status === 'accepted').map(({ index }) => index));
    } catch (error) {
      if (error instanceof RejectedError) throw error;
      return new Set();
    }
  }
}

class RejectedError extends Error {}

import { formatUsd } from '@ledgerline/kernel';

/** An event as a producer keeps it. */
export interface SentEvent {
  readonly id: string;
  readonly customer: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Sums of one customer, exact. */
export interface CustomerSums {
  readonly event_count: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cost_usd: string;
}

/** What every event is priced as: gpt-4, $30 and $60 a million tokens, in 1e-12 USD a token. */
export const MODEL = { provider: 'openai', model: 'gpt-4', inputPico: 30_000_000n, outputPico: 60_000_000n } as const;

/** The producers' own account of what was acknowledged, which the stack is held against. */
export class Ledger {
  private readonly customers = new Map<string, { events: number; input: number; output: number }>();
  private recent: SentEvent[] = [];
  private total = 0;

  /** @param remembered how many of the last events can be sent again */
  constructor(private readonly remembered: number) {}

  get acknowledged(): number {
    return this.total;
  }

  /** Each event exactly once, when its 2xx came. */
  acknowledge(event: SentEvent): void {
    const sums = this.customers.get(event.customer) ?? { events: 0, input: 0, output: 0 };
    sums.events++;
    sums.input += event.inputTokens;
    sums.output += event.outputTokens;
    this.customers.set(event.customer, sums);
    this.recent[this.total++ % this.remembered] = event;
  }

  /** An acknowledged event was corrected: to what it is now, or to nothing. */
  correct(before: SentEvent, after: SentEvent | null): void {
    const sums = this.customers.get(before.customer)!;
    if (after === null) sums.events--;
    sums.input += (after?.inputTokens ?? 0) - before.inputTokens;
    sums.output += (after?.outputTokens ?? 0) - before.outputTokens;
  }

  /** One of the last acknowledged events; undefined when there is none. @param at 0 to below 1 */
  earlier(at: number): SentEvent | undefined {
    return this.recent[Math.floor(at * this.recent.length)];
  }

  sums(): Map<string, CustomerSums> {
    return new Map(
      [...this.customers].map(([customer, { events, input, output }]) => [
        customer,
        { event_count: events, input_tokens: input, output_tokens: output, cost_usd: formatUsd(BigInt(input) * MODEL.inputPico + BigInt(output) * MODEL.outputPico) },
      ]),
    );
  }
}

import { eventually, type WholeStack } from '@ledgerline/local-stack';
import { type Ledger, MODEL, type SentEvent } from './ledger.js';

export const PROBE_CUSTOMER = 'probe';

const TOKENS = 7;
const QUOTA_CREATED = 201;
/** An earlier try was carried out, but not answered. */
const QUOTA_EXISTS = 409;

/** One event at a time, followed from the edge to the last sum: what tells that a stack works again. */
export class Probe {
  private made = 0;
  private crossed = 0;

  /** @param limits where the quota of a new customer is noted, in tokens */
  constructor(
    private readonly stack: WholeStack,
    private readonly ledger: Ledger,
    private readonly limits: Map<string, number>,
  ) {}

  /** Resolves when a new event is acknowledged, is a row in ClickHouse, and is in the sum of its customer's quota. @throws after `timeoutMs` */
  async visible(timeoutMs: number): Promise<void> {
    const event: SentEvent = { id: `probe-${this.made++}`, customer: PROBE_CUSTOMER, inputTokens: TOKENS, outputTokens: 0 };
    const usageId = await eventually(() => this.send(event), { timeoutMs });
    this.ledger.acknowledge(event);
    await eventually(
      async () => {
        const { status, body } = await this.get<{ state?: string }>(`/v1/events/${usageId}`);
        if (body.state !== 'priced') throw new Error(`the probe's event is not visible: ${status} ${JSON.stringify(body)}`);
        const quotas = await this.get<{ data: { value: string }[] }>(`/v1/quotas?customer_id=${PROBE_CUSTOMER}`);
        const value = quotas.body.data[0]?.value;
        if (value !== String(this.made * TOKENS)) throw new Error(`the probe's quota is at ${value}, not at ${this.made * TOKENS}`);
      },
      { timeoutMs, intervalMs: 50 },
    );
  }

  /** Work for every service: a customer nobody has seen, who uses up its quota with one event. Resolves when that is acknowledged. @returns the customer */
  async cross(timeoutMs: number): Promise<string> {
    const customer = `crossing-${this.crossed++}`;
    await eventually(
      async () => {
        const { status } = await this.stack.request('POST', '/v1/quotas', { customer_id: customer, metric: 'tokens', limit: TOKENS });
        if (status !== QUOTA_CREATED && status !== QUOTA_EXISTS) throw new Error(`the quota of ${customer} was not set: ${status}`);
      },
      { timeoutMs },
    );
    this.limits.set(customer, TOKENS);
    const event: SentEvent = { id: 'only', customer, inputTokens: TOKENS, outputTokens: 0 };
    await eventually(() => this.send(event), { timeoutMs });
    this.ledger.acknowledge(event);
    return customer;
  }

  /** Resolves when a customer that crossed its quota has an alert. */
  async alerted(customer: string, timeoutMs: number): Promise<void> {
    await eventually(async () => (await this.get<{ data: unknown[] }>(`/v1/alerts?customer_id=${customer}`)).body.data.length > 0, { timeoutMs, intervalMs: 50 });
  }

  /** @returns its usage_id @throws unless it is acknowledged */
  private async send({ id, customer, inputTokens }: SentEvent): Promise<string> {
    const body = { id, customer_id: customer, provider: MODEL.provider, model: MODEL.model, usage: { input_tokens: inputTokens }, occurred_at: new Date().toISOString() };
    const answer = await this.stack.request<{ results?: { status: string; usage_id: string }[] }>('POST', '/v1/events', body);
    const result = answer.body.results?.[0];
    if (result?.status !== 'accepted') throw new Error(`the probe's event was not acknowledged: ${answer.status} ${JSON.stringify(answer.body)}`);
    return result.usage_id;
  }

  private get<T>(path: string): Promise<{ status: number; body: T }> {
    return this.stack.request<T>('GET', path);
  }
}

/** Which events a run consists of. The same plan always gives the same events. */
export interface TrafficPlan {
  /** Written into every id: two runs with different names share no event. */
  readonly run: string;
  readonly batchSize: number;
  readonly customers: number;
  /** `occurred_at` of the events lies in the hour before this time. */
  readonly nowMs: number;
}

/** A request's body that becomes another one by writing other ids into it. */
export interface BodyTemplate {
  readonly body: Buffer;
  /** Where each event's serial number starts in the body. */
  readonly serialOffsets: Uint32Array;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Digits of the serial number in each id. */
export const SERIAL_DIGITS = 9;

/** Twenty models that the first price book has a price for; some by their dated names. */
export const MODELS: readonly (readonly [provider: string, model: string])[] = [
  ['openai', 'gpt-4'],
  ['openai', 'gpt-4-turbo'],
  ['openai', 'gpt-4-turbo-2024-04-09'],
  ['openai', 'gpt-3.5-turbo'],
  ['openai', 'gpt-4o'],
  ['openai', 'gpt-4o-2024-05-13'],
  ['openai', 'gpt-4o-2024-08-06'],
  ['openai', 'gpt-4o-2024-11-20'],
  ['openai', 'gpt-4o-mini'],
  ['openai', 'gpt-4o-mini-2024-07-18'],
  ['anthropic', 'claude-3-opus'],
  ['anthropic', 'claude-3-opus-20240229'],
  ['anthropic', 'claude-3-sonnet'],
  ['anthropic', 'claude-3-sonnet-20240229'],
  ['anthropic', 'claude-3-haiku'],
  ['anthropic', 'claude-3-haiku-20240307'],
  ['anthropic', 'claude-3-5-sonnet'],
  ['anthropic', 'claude-3-5-sonnet-20241022'],
  ['google', 'gemini-pro'],
  ['google', 'gemini-pro-vision'],
];

const TEAMS = ['search', 'support', 'growth', 'data', 'mobile'];
const REGIONS = ['eu-west-1', 'us-east-1', 'ap-south-1'];
/** A stride without a common factor with the number of combinations: neighbours in a batch differ in customer and model. */
const STRIDE = 7_919;
const HOUR_MS = 3_600_000;

/** The body of one batch (or of one event, when the batch size is 1), with zeros for serial numbers. */
export function bodyTemplate(plan: TrafficPlan, batch: number): BodyTemplate {
  const events: string[] = [];
  let inputTokens = 0;
  let outputTokens = 0;
  for (let i = 0; i < plan.batchSize; i++) {
    const event = eventOf(plan, batch * plan.batchSize + i);
    inputTokens += event.usage.input_tokens;
    outputTokens += event.usage.output_tokens;
    events.push(JSON.stringify(event));
  }
  const body = Buffer.from(plan.batchSize === 1 ? events[0]! : `[${events.join(',')}]`);
  const marker = Buffer.from(`${plan.run}-${'0'.repeat(SERIAL_DIGITS)}`);
  const serialOffsets = new Uint32Array(plan.batchSize);
  for (let i = 0, from = 0; i < plan.batchSize; i++) {
    const at = body.indexOf(marker, from);
    serialOffsets[i] = at + marker.length - SERIAL_DIGITS;
    from = at + marker.length;
  }
  return { body, serialOffsets, inputTokens, outputTokens };
}

/** Writes the serial numbers `first, first + 1, ...` into the body: other events, in nanoseconds each. */
export function writeSerials({ body, serialOffsets }: BodyTemplate, first: number): void {
  for (let i = 0; i < serialOffsets.length; i++) {
    let rest = first + i;
    for (let at = serialOffsets[i]! + SERIAL_DIGITS - 1, digits = 0; digits < SERIAL_DIGITS; at--, digits++) {
      body[at] = 48 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
  }
}

function eventOf(plan: TrafficPlan, number: number) {
  const combination = (number * STRIDE) % (plan.customers * MODELS.length);
  const customer = combination % plan.customers;
  const [provider, model] = MODELS[Math.floor(combination / plan.customers)]!;
  return {
    id: `${plan.run}-${'0'.repeat(SERIAL_DIGITS)}`,
    customer_id: `customer-${String(customer).padStart(4, '0')}`,
    project_id: `project-${customer % 3}`,
    provider,
    model,
    operation: 'chat',
    endpoint: '/v1/chat/completions',
    usage: { input_tokens: 200 + ((number * 37) % 4_000), output_tokens: 20 + ((number * 13) % 900) },
    occurred_at: new Date(plan.nowMs - ((number * 104_729) % HOUR_MS)).toISOString(),
    latency_ms: 150 + ((number * 7) % 5_000),
    tags: { team: TEAMS[number % TEAMS.length]!, region: REGIONS[number % REGIONS.length]!, env: 'production' },
  };
}

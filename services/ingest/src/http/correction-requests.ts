import { MAX_COUNT, MAX_DECIMAL, QUANTITIES, usageIdBytes } from '@ledgerline/contracts';
import { MAX_NAME_LENGTH, nameProblem, parseTimestampUs } from '@ledgerline/domain-metering';
import { DecimalError, decimalTextOf, formatUsd, parseDecimal9, parseUsd } from '@ledgerline/kernel';
import { z } from 'zod';

/** Of a usage_id, which is a hash and says nothing of its version. */
export const UUID_PATTERN = '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$';

const name = z.string('expected text').superRefine((text, context) => {
  const problem = nameProblem(text);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
}).meta({ minLength: 1, maxLength: MAX_NAME_LENGTH, pattern: '^[^\\u0000-\\u001f\\u007f]*$' });
const reason = z.string('expected text: why').trim().min(1, 'must say why').max(1_000, 'must be at most 1000 characters long');
const usageId = z.string('expected a usage_id').refine((text) => usageIdBytes(text) !== null, 'expected a usage_id').meta({ format: 'uuid', pattern: UUID_PATTERN });

const exact = (largest: string, parse: (text: string) => bigint, most: bigint) =>
  z.union([z.string(), z.number()], 'expected a number or a decimal string').transform((value, context) => {
    try {
      const amount = parse(typeof value === 'string' ? value : decimalTextOf(value));
      if (amount >= 0n && amount <= most) return amount;
      context.addIssue({ code: 'custom', message: amount < 0n ? 'must not be negative' : `must be at most ${largest}` });
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof DecimalError ? error.reason : 'expected a number' });
    }
    return z.NEVER;
  }).meta({ pattern: '^\\d+(\\.\\d+)?$', minimum: 0, maximum: Number(largest), description: 'Exact as a decimal string.' });

const count = z.number('expected a whole number').int('expected a whole number').min(0, 'must not be negative').max(MAX_COUNT, `must be at most ${MAX_COUNT}`).transform(BigInt);
const decimal = exact(String(MAX_DECIMAL), parseDecimal9, BigInt(MAX_DECIMAL) * 1_000_000_000n);
const usd = exact('9000000', parseUsd, parseUsd('9000000'));

const usage = z
  .strictObject(Object.fromEntries(QUANTITIES.map((kind) => [kind.name, (kind.decimal ? decimal : count).optional()])))
  .transform((given) => new Map(QUANTITIES.flatMap(({ name: quantity, index }) => (given[quantity] === undefined ? [] : [[index, given[quantity] as bigint] as const]))));

/** Body of POST /v1/events/{usage_id}/corrections. */
export const correctionRequest = z
  .strictObject({
    kind: z.enum(['adjust', 'refund', 'void'], 'expected adjust, refund or void'),
    id: name.nullish().meta({ description: "The correction's own: sent again, it is applied once. Else the `Idempotency-Key`, else made." }),
    reason,
    customer_id: name.nullish(),
    usage: usage.nullish().meta({ description: 'All quantities that it should have.' }),
    cost_usd: usd.nullish(),
    status: z.enum(['ok', 'error'], 'expected ok or error').nullish(),
    replaced_by: usageId.nullish().meta({ description: 'Of a void: the event that stands in its place.' }),
    await_original: z.boolean('expected true or false').default(false).meta({ description: 'The event may come later. Needs `customer_id`.' }),
  })
  .superRefine((request, context) => {
    const wrong = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const { kind } = request;
    if (kind === 'adjust' && !request.usage && request.cost_usd == null && !request.status) wrong('usage', 'give usage, cost_usd or status: what the event should be');
    if (kind !== 'adjust' && request.usage) wrong('usage', `a ${kind} does not change usage`);
    if (kind !== 'adjust' && request.status) wrong('status', `a ${kind} does not change status`);
    if (kind === 'void' && request.cost_usd != null) wrong('cost_usd', 'what is void costs nothing');
    if (kind !== 'void' && request.replaced_by) wrong('replaced_by', 'only a void names the event that stands in its place');
    if (request.await_original && !request.customer_id) wrong('customer_id', 'is required to wait for an event');
  })
  .meta({
    id: 'CorrectionRequest',
    description: '`adjust` says all quantities (`usage`), the cost or the `status` that it should have; `refund` what is left of its cost; `void` that it never happened.',
    examples: [{ kind: 'adjust', id: 'fix-1', reason: 'tokens misread', usage: { input_tokens: 1200 }, cost_usd: '0.04' }],
  });

/** Body of POST /v1/credits. */
export const creditRequest = z.strictObject({
  customer_id: name,
  id: name.nullish().meta({ description: "The credit's own: sent again, it is given once. Else the `Idempotency-Key`, else made." }),
  amount_usd: usd.refine((pico) => pico > 0n, 'must be above 0'),
  reason,
  occurred_at: z
    .string('expected a time such as 2026-01-15T10:30:00Z')
    .transform((text, context) => {
      const timeUs = parseTimestampUs(text);
      if (timeUs !== null) return timeUs;
      context.addIssue({ code: 'custom', message: 'expected a time such as 2026-01-15T10:30:00Z' });
      return z.NEVER;
    })
    .nullish()
    .meta({ description: 'The cost of its month is lowered; now unless given.' }),
  provider: name.nullish(),
  model: name.nullish(),
}).meta({ id: 'CreditRequest', examples: [{ customer_id: 'acme', id: 'credit-1', amount_usd: '12.50', reason: 'double charge of last year', occurred_at: '2025-01-15T10:30:00Z' }] });

/** Money as the envelope carries it; '' is absent. */
export const usdText = (pico: bigint | null | undefined): string => (pico == null ? '' : formatUsd(pico));

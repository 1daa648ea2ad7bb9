import { randomUUID } from 'node:crypto';
import { Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { occurredAtProblem } from '@ledgerline/domain-metering';
import { type Clock } from '@ledgerline/kernel';
import { CLOCK, Documented, parseInput, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';
import { CorrectEvents } from '../application/correct-events.js';
import { creditRequest, usdText } from './correction-requests.js';
import { refuse } from './corrections.controller.js';
import { createCreditDoc } from './corrections.openapi.js';
import { idempotencyKey } from './idempotency-key.js';
import { readJson } from './read-json.js';

/** Money given back where the original is no longer stored. */
@RequireScope('admin', 'operator')
@Controller('v1/credits')
export class CreditsController {
  constructor(
    @Inject(CorrectEvents) private readonly correctEvents: CorrectEvents,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post()
  @HttpCode(202)
  @Documented(createCreditDoc)
  async create(@Req() request: FastifyRequest) {
    const { customer_id, id, amount_usd, reason, occurred_at, provider, model } = parseInput(creditRequest, await readJson(request));
    const creditId = id ?? idempotencyKey(request) ?? randomUUID();
    const nowUs = this.clock.nowMs() * 1000;
    const occurredAtUs = occurred_at ?? nowUs;
    const problem = occurredAtProblem(occurredAtUs, nowUs);
    if (problem !== null) throw new ProblemError(422, 'validation_failed', 'The request has 1 bad field.', [{ field: 'occurred_at', reason: problem }]);
    const credit = { customerId: customer_id, creditId, amountUsd: usdText(amount_usd), reason, occurredAtUs, provider: provider ?? '', model: model ?? '' };
    const usageId = await this.correctEvents.credit(credit, request.principal?.keyId ?? '', request.trace?.traceparent).catch((error: unknown) => refuse(error, creditId));
    return { usage_id: usageId, correction_id: creditId, status: 'accepted' };
  }
}

import { randomUUID } from 'node:crypto';
import { Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { usageIdBytes } from '@ledgerline/contracts';
import { Documented, parseInput, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';
import { CorrectEvents, NotCorrectableError, NotStoredError } from '../application/correct-events.js';
import { type Caller, NotOnRecordError, ReadingForbiddenError, RecordUnavailableError } from '../application/recorded-events.js';
import { correctionRequest, usdText } from './correction-requests.js';
import { correctEventDoc } from './corrections.openapi.js';
import { idempotencyKey } from './idempotency-key.js';
import { readJson } from './read-json.js';

/** Corrections of recorded events. */
@RequireScope('admin', 'operator')
@Controller('v1/events')
export class CorrectionsController {
  constructor(@Inject(CorrectEvents) private readonly correctEvents: CorrectEvents) {}

  @Post(':usage_id/corrections')
  @HttpCode(202)
  @Documented(correctEventDoc)
  async correct(@Param('usage_id') usageId: string, @Req() request: FastifyRequest) {
    if (usageIdBytes(usageId) === null) throw new ProblemError(404, 'not_found', 'There is no such event: that is no usage_id.');
    const { kind, id, reason, customer_id, usage, cost_usd, status, replaced_by, await_original } = parseInput(correctionRequest, await readJson(request));
    const correctionId = id ?? idempotencyKey(request) ?? randomUUID();
    const wanted = {
      kind,
      correctionId,
      reason,
      customerId: customer_id ?? '',
      usage: usage ?? null,
      costUsd: usdText(cost_usd),
      status: status ?? null,
      replacedBy: replaced_by ?? '',
      awaitsOriginal: await_original,
    };
    await this.correctEvents.correct(usageId.toLowerCase(), wanted, request.principal?.keyId ?? '', callerOf(request), request.trace?.traceparent).catch((error: unknown) => refuse(error, correctionId));
    return { usage_id: usageId.toLowerCase(), correction_id: correctionId, status: 'accepted' };
  }
}

/** The key as the caller sent it: the read API judges it anew. */
export function callerOf({ headers }: FastifyRequest): Caller {
  const { authorization, 'x-api-key': key } = headers;
  return { headers: { ...(authorization ? { authorization } : {}), ...(typeof key === 'string' ? { 'x-api-key': key } : {}) } };
}

const RETRY = { 'retry-after': '1' };

/** What a use case refuses, as the caller is told. @param id to send it again with */
export function refuse(error: unknown, id: string): never {
  if (error instanceof NotOnRecordError) {
    if (error.forgotten) throw new ProblemError(410, 'past_retention', error.message);
    throw new ProblemError(404, 'not_found', error.message);
  }
  if (error instanceof NotCorrectableError) throw new ProblemError(409, error.code, error.message);
  if (error instanceof ReadingForbiddenError) throw new ProblemError(403, 'forbidden', error.message);
  if (error instanceof RecordUnavailableError) throw new ProblemError(503, 'record_unavailable', error.message, undefined, RETRY);
  if (error instanceof NotStoredError) throw new ProblemError(503, 'not_stored', `${error.reason}; send it again with the id ${id}`, undefined, RETRY);
  throw error;
}

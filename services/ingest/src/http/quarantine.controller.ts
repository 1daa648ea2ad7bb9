import { Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { type HeldPosition, heldItemId, parseHeldItemId } from '@ledgerline/contracts';
import { Documented, parseInput, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';
import { ReadingForbiddenError, RecordUnavailableError } from '../application/recorded-events.js';
import { ItemRefusedError, type ItemRequest, type Refusal, ResolutionUnknownError, ResolveHeldItem } from '../application/resolve-held-item.js';
import { USAGE_LOG, type UsageLog } from '../application/usage-log.js';
import { callerOf } from './corrections.controller.js';
import { isBackfill } from './events.controller.js';
import { discardRequest } from './quarantine-requests.js';
import { discardHeldItemDoc, replayHeldItemDoc } from './quarantine.openapi.js';
import { readJson } from './read-json.js';
import { readUsageEvent } from './read-usage-event.js';

const LATER = { 'retry-after': '1' };
const STATUS: Record<Refusal, number> = { unknown_item: 404, not_replayable: 409, already_released: 409, already_discarded: 409, past_generation: 409 };

/** Acting on what was held back; it is read from the read API. */
@Controller('v1/quarantine')
@RequireScope('admin', 'operator')
export class QuarantineController {
  constructor(
    @Inject(ResolveHeldItem) private readonly resolve: ResolveHeldItem,
    @Inject(USAGE_LOG) private readonly log: UsageLog,
  ) {}

  /** Sends it again, as it came or as the body says it should have been. What was late is released, what was quarantined replayed. */
  @Post([':id/replay', ':id/release'])
  @HttpCode(202)
  @Documented(replayHeldItemDoc)
  async replay(@Param('id') id: string, @Req() request: FastifyRequest) {
    const asked = this.requestFor(id, request);
    const corrected = await bodyOf(request);
    const result = await this.resolve.replay({ ...asked, corrected, read: readUsageEvent, backfill: isBackfill(request) }).catch(explain);
    if (result.status === 'rejected') {
      throw new ProblemError(422, 'event_rejected', 'The event is not one that can be taken; send it corrected, as the body.', [{ field: result.field, reason: result.reason }]);
    }
    if (result.status === 'unknown') throw new ProblemError(503, 'event_unknown', `It is not known whether the event is stored: ${result.reason}.`, undefined, LATER);
    return { id: heldItemId(asked.position), state: 'released', usage_id: result.usageId };
  }

  /** Gives it up. */
  @Post(':id/discard')
  @HttpCode(202)
  @Documented(discardHeldItemDoc)
  async discard(@Param('id') id: string, @Req() request: FastifyRequest) {
    const asked = this.requestFor(id, request);
    const { reason } = parseInput(discardRequest, (await bodyOf(request)) ?? {});
    await this.resolve.discard({ ...asked, reason }).catch(explain);
    return { id: heldItemId(asked.position), state: 'discarded' };
  }

  private requestFor(id: string, request: FastifyRequest): ItemRequest {
    if (!this.log.available) throw new ProblemError(503, 'log_unavailable', 'The event log cannot be reached; nothing was done.', undefined, LATER);
    return { position: readId(id), caller: callerOf(request), keyId: request.principal?.keyId ?? '', traceparent: request.trace?.traceparent };
  }
}

function readId(text: string): HeldPosition {
  const position = parseHeldItemId(text);
  if (position === null) throw new ProblemError(400, 'bad_parameter', 'The item has no such id.', [{ field: 'id', reason: 'expected an id such as g1-p0-42-0' }]);
  return position;
}

/** undefined when the request has no body. @throws ProblemError when it is anything but one JSON value */
const bodyOf = async (request: FastifyRequest): Promise<unknown> => (Buffer.isBuffer(request.body) && request.body.length > 0 ? readJson(request) : undefined);

function explain(error: unknown): never {
  if (error instanceof ItemRefusedError) throw new ProblemError(STATUS[error.code], error.code, error.message);
  if (error instanceof ResolutionUnknownError) {
    throw new ProblemError(503, 'resolution_unknown', 'It is not known whether the item is resolved. The same request again does nothing twice.', undefined, LATER);
  }
  if (error instanceof ReadingForbiddenError) throw new ProblemError(403, 'forbidden', error.message);
  if (error instanceof RecordUnavailableError) throw new ProblemError(503, 'record_unavailable', error.message, undefined, LATER);
  throw error;
}

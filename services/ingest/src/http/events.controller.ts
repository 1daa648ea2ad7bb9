import { randomUUID } from 'node:crypto';
import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import { Documented, ProblemError, RateLimits, RequireScope } from '@ledgerline/service-kit';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { RecordEvents } from '../application/record-events.js';
import { USAGE_LOG, type UsageLog } from '../application/usage-log.js';
import { recordEventsDoc } from './events.openapi.js';
import { idempotencyKey } from './idempotency-key.js';
import { readBody } from './read-body.js';
import { readUsageEvent } from './read-usage-event.js';
import { resultsText, statusOf } from './results.js';

@Controller('v1/events')
export class EventsController {
  constructor(
    @Inject(RecordEvents) private readonly recordEvents: RecordEvents,
    @Inject(USAGE_LOG) private readonly log: UsageLog,
    @Inject(RateLimits) private readonly limits: RateLimits,
  ) {}

  @Post()
  @RequireScope('ingest', 'anyone')
  @Documented(recordEventsDoc)
  async record(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { headers } = request;
    const backfill = isBackfill(request);
    if (!this.log.available) throw new ProblemError(503, 'log_unavailable', 'The event log cannot be reached; nothing was taken.', undefined, { 'retry-after': '1' });
    const body = readBody(request.body, headers['content-type'], headers['content-encoding']);
    if (request.principal.limits.eventsPerSecond !== null) await this.limits.takeEvents(request.principal, (await body).events.length, reply);
    const results = await body.then(({ events, single, plain }) =>
      this.recordEvents.record({
        events,
        read: (event, row, nowUs) => readUsageEvent(event, row, nowUs, plain),
        apiKeyId: request.principal.keyId,
        customerId: request.principal.customerId,
        idOf: idSource(idempotencyKey(request), single),
        backfill,
        traceparent: request.trace?.traceparent,
      }),
    );
    const minimal = /\breturn=minimal\b/.test(String(headers['prefer'] ?? ''));
    const status = statusOf(results);
    if (minimal) reply.header('preference-applied', 'return=minimal');
    if (status === 503) reply.header('retry-after', '1');
    reply.code(status).type('application/json; charset=utf-8').send(resultsText(results, minimal));
  }
}

/** `?backfill=true` declares that old events are meant; only an administrator may say so. */
export function isBackfill(request: FastifyRequest): boolean {
  const { backfill } = request.query as { backfill?: string };
  if (backfill === undefined || backfill === 'false') return false;
  if (backfill !== 'true') throw new ProblemError(400, 'bad_parameter', 'A query parameter is not valid.', [{ field: 'backfill', reason: 'must be true or false' }]);
  const { customerId, scopes } = request.principal;
  if (customerId !== null || !scopes.has('admin')) throw new ProblemError(403, 'forbidden', 'A backfill needs an admin key of the operator.');
  return true;
}

/** Ids for events that bring none: from the Idempotency-Key, so that a repeat gets the same, else new ones. */
function idSource(key: string | undefined, single: boolean): (index: number) => string {
  if (key === undefined) return () => randomUUID();
  return single ? () => key : (index) => `${key}:${index}`;
}

import { Controller, Get, Header, Inject, Param, Query, Req } from '@nestjs/common';
import { toLog, type UsageView } from '@ledgerline/domain-dialects';
import { jsonNumber } from '@ledgerline/kernel';
import { confinedTo, Documented, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { nameProblem } from '@ledgerline/domain-metering';
import { type FastifyRequest } from 'fastify';
import { NEWEST_FIRST } from '../application/event-order.js';
import { type Members } from '../application/ports.js';
import { StrongReader } from '../application/strong-reader.js';
import { MEMBERS } from '../tokens.js';
import { cursorField, logsQuery } from './dialect-queries.js';
import { getUserCreditsDoc, listUserUsageDoc } from './dialects.openapi.js';
import { placeOf } from './event-queries.js';
import { explainError } from './explain-error.js';
import { check, orderly } from './queries.js';

/** Usage logs of a user: the calls, newest first, and what they come to. */
@Controller('v1/users/:user_id')
@RequireScope('read', 'anyone')
export class LogsController {
  constructor(
    @Inject(StrongReader) private readonly usage: StrongReader,
    @Inject(MEMBERS) private readonly members: Members,
  ) {}

  @Get('credits')
  @Header('cache-control', 'no-store')
  @Documented(getUserCreditsDoc)
  async credits(@Param('user_id') userId: string, @Req() request: FastifyRequest) {
    const totals = await this.totals(userId, confinedTo(request));
    const { events, unpricedEvents, costUsd, platformCredits } = totals ?? { events: 0, unpricedEvents: 0, costUsd: '0', platformCredits: '0' };
    const unknown = events > 0 && unpricedEvents === events;
    return {
      user_id: userId,
      total_credits: unknown ? null : jsonNumber(platformCredits),
      total_cost_usd: unknown ? null : jsonNumber(costUsd),
      usage_count: events,
      unpriced_count: unpricedEvents,
      ...(unpricedEvents === 0 ? {} : { warning: `${unpricedEvents} of ${events} calls have no price; their cost is unknown and not in the total.` }),
    };
  }

  @Get('usage')
  @Header('cache-control', 'no-store')
  @Documented(listUserUsageDoc)
  async list(@Param('user_id') userId: string, @Query() parameters: unknown, @Req() request: FastifyRequest) {
    const { start_date: fromUs, end_date: toUs, model_name: model, limit, cursor } = check(logsQuery, parameters);
    orderly(fromUs, toUs, 'end_date');
    const customerId = confinedTo(request);
    const filter = { userId, customerId, model, fromUs, toUs };
    const page = await this.usage.list({ ...filter, after: placeOf(cursor, NEWEST_FIRST, filter), limit }).catch(explainError);
    const { events } = page;
    if (events.length === 0) await this.totals(userId, customerId);
    return { user_id: userId, count: events.length, usage: events.map((event) => toLog(event as unknown as UsageView, jsonNumber)), ...cursorField('next_cursor', page, filter) };
  }

  /** null: the user has used nothing yet. @throws ProblemError 404 when nobody knows the user */
  private async totals(userId: string, customerId: string | undefined) {
    if (nameProblem(userId) !== null) throw noUser();
    await this.usage.caughtUp().catch(explainError);
    const totals = await this.usage.reader.userTotals(userId, { customerId }).catch(explainError);
    if (totals === null && !(await this.members.has(userId, customerId))) throw noUser();
    return totals;
  }
}

const noUser = (): ProblemError => new ProblemError(404, 'user_not_found', 'There is no such user.');

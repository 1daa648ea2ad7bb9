import { Controller, Get, Header, Inject, Param, Query, Req } from '@nestjs/common';
import { confinedTo, Documented, PageLinks, RequireScope } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';
import { type Exports } from '../application/exports.js';
import { type EventQuestion, FindEvent } from '../application/find-event.js';
import { FindHistory } from '../application/find-history.js';
import { type UsageReader } from '../application/ports.js';
import { Visibility } from '../application/visibility.js';
import { ALL_PARTITIONS, EXPORTS, USAGE_READER } from '../tokens.js';
import { filtersOf, writeCursor } from './cursor.js';
import { readEventExport, readEventQuery } from './event-queries.js';
import { getEventDoc, getEventHistoryDoc, listEventsDoc } from './events.openapi.js';
import { explainError } from './explain-error.js';
import { ExportAnswers } from './export/export-answers.js';
import { EVENT_COLUMNS } from './export/list-columns.js';
import { type ExportFormat, listFormat } from './export/list-format.js';
import { readEventQuestion } from './queries.js';

@Controller('v1/events')
@RequireScope('read', 'anyone')
export class EventsController {
  constructor(
    @Inject(USAGE_READER) private readonly reader: UsageReader,
    @Inject(EXPORTS) private readonly exports: Exports,
    @Inject(ExportAnswers) private readonly answers: ExportAnswers,
    @Inject(FindEvent) private readonly events: FindEvent,
    @Inject(FindHistory) private readonly histories: FindHistory,
    @Inject(Visibility) private readonly visibility: Visibility,
    @Inject(ALL_PARTITIONS) private readonly partitions: number[],
  ) {}

  @Get(':usage_id')
  @Documented(getEventDoc)
  async one(@Param('usage_id') usageId: string, @Query() parameters: unknown, @Req() request: FastifyRequest) {
    const question = questionOf(usageId, parameters, request);
    // Begun first, so that the positions it reads are none later than those that the event is read at; it never rejects.
    const freshness = this.visibility.freshness();
    const event = await this.events.find(question).catch(explainError);
    return { ...event, freshness: await freshness };
  }

  @Get(':usage_id/history')
  @Documented(getEventHistoryDoc)
  async history(@Param('usage_id') text: string, @Query() parameters: unknown, @Req() request: FastifyRequest) {
    const question = questionOf(text, parameters, request);
    const { entries, replaces } = await this.histories.find(question).catch(explainError);
    return { usage_id: question.usageId, data: entries, ...(replaces.length > 0 ? { replaces } : {}), freshness: await this.visibility.freshness() };
  }

  @Get()
  @Documented(listEventsDoc)
  @Header('vary', 'Accept')
  @PageLinks()
  async list(@Query() parameters: unknown, @Req() request: FastifyRequest) {
    const format = listFormat(request.headers);
    if (format !== 'json') return this.export(format, parameters, request);
    const { filter, order, after, limit, strong } = readEventQuery(parameters);
    const query = { ...filter, customerId: confinedTo(request, filter.customerId), order, after, limit };
    if (strong) await this.visibility.caughtUp(this.partitions).catch(explainError);
    // Freshness first: what is stored after it was read can only make the answer fresher than it says.
    const freshness = await this.visibility.freshness();
    const { events, next } = await this.reader.list(query).catch(explainError);
    return { data: events, next_cursor: next && writeCursor({ order, filters: filtersOf(filter), place: next }), freshness };
  }

  private async export(format: ExportFormat, parameters: unknown, request: FastifyRequest) {
    const { filter, order, after, limit, strong } = readEventExport(parameters);
    const query = { ...filter, customerId: confinedTo(request, filter.customerId), order, after, limit };
    if (strong) await this.visibility.caughtUp(this.partitions).catch(explainError);
    return this.answers.send('events', format, EVENT_COLUMNS, () => this.exports.events(query)).catch(explainError);
  }
}

/** What is asked of one event, by somebody who may see that event alone if it is its customer's. */
function questionOf(usageId: string, parameters: unknown, request: FastifyRequest): EventQuestion {
  const question = readEventQuestion(usageId, parameters);
  return { ...question, scope: { customerId: confinedTo(request, question.scope.customerId) } };
}

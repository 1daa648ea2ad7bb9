import { Controller, Get, Header, Inject, Param, Query, Req } from '@nestjs/common';
import { toEntry, type UsageView } from '@ledgerline/domain-dialects';
import { jsonNumber } from '@ledgerline/kernel';
import { confinedTo, Documented, ownUserOf, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { nameProblem } from '@ledgerline/domain-metering';
import { type FastifyRequest } from 'fastify';
import { type EventQuery } from '../application/event-query.js';
import { FindEvent } from '../application/find-event.js';
import { type EventView, type Members } from '../application/ports.js';
import { StrongReader } from '../application/strong-reader.js';
import { MEMBERS } from '../tokens.js';
import { entriesQuery } from './dialect-queries.js';
import { getEntryDoc, listEntriesDoc, listUserEntriesDoc } from './dialects.openapi.js';
import { explainError } from './explain-error.js';
import { check, readEventQuestion } from './queries.js';

/** Usage entries: what was used, newest first, everything acknowledged before among it. */
@Controller('usage')
@RequireScope('read', 'anyone')
export class EntriesController {
  constructor(
    @Inject(StrongReader) private readonly usage: StrongReader,
    @Inject(FindEvent) private readonly events: FindEvent,
    @Inject(MEMBERS) private readonly members: Members,
  ) {}

  /** The caller's own entries; of an administrator all of its customer's, of the operator all there are. */
  @Get()
  @Header('cache-control', 'no-store')
  @Documented(listEntriesDoc)
  list(@Query() parameters: unknown, @Req() request: FastifyRequest) {
    const { skip, limit } = check(entriesQuery, parameters);
    return this.entries({ skip, limit, customerId: confinedTo(request), userId: seesAll(request) ? undefined : ownUserOf(request) });
  }

  /** A user sees itself, an administrator every user of its customer. Whom one may not see is not there. */
  @Get('user/:user_id')
  @Header('cache-control', 'no-store')
  @Documented(listUserEntriesDoc)
  async ofUser(@Param('user_id') userId: string, @Query() parameters: unknown, @Req() request: FastifyRequest) {
    const { skip, limit } = check(entriesQuery, parameters);
    const customerId = confinedTo(request);
    if (nameProblem(userId) !== null) throw noUser();
    const own = userId === ownUserOf(request);
    if (!own && !seesAll(request)) throw noUser();
    const entries = await this.entries({ skip, limit, customerId, userId });
    if (entries.length === 0 && !own && !(await this.isUser(userId, customerId))) throw noUser();
    return entries;
  }

  @Get(':usage_id')
  @Header('cache-control', 'no-store')
  @Documented(getEntryDoc)
  async one(@Param('usage_id') usageId: string, @Req() request: FastifyRequest) {
    const question = readEventQuestion(usageId, {});
    return entryOf(await this.events.find({ ...question, scope: { customerId: confinedTo(request) } }).catch(explainError));
  }

  private async entries(query: EventQuery) {
    const { events } = await this.usage.list(query).catch(explainError);
    return events.map(entryOf);
  }

  private async isUser(userId: string, customerId: string | undefined): Promise<boolean> {
    return (await this.members.has(userId, customerId)) || (await this.usage.reader.userTotals(userId, { customerId }).catch(explainError)) !== null;
  }
}

const seesAll = ({ principal }: FastifyRequest): boolean => principal.customerId === null || principal.scopes.has('admin');

const noUser = (): ProblemError => new ProblemError(404, 'user_not_found', 'There is no such user.');

const entryOf = (event: EventView) => toEntry(event as unknown as UsageView, jsonNumber);

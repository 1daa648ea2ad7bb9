import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ProblemError, RequireRole } from '@ledgerline/service-kit';
import { FindEvent } from '../application/find-event.js';
import { type UsageReader } from '../application/ports.js';
import { Visibility } from '../application/visibility.js';
import { ALL_PARTITIONS, USAGE_READER } from '../tokens.js';
import { writeCursor } from './cursor.js';
import { explainError } from './explain-error.js';
import { readEventQuery, readUsageId } from './queries.js';

@Controller('v1/events')
@RequireRole('admin')
export class EventsController {
  constructor(
    @Inject(USAGE_READER) private readonly reader: UsageReader,
    @Inject(FindEvent) private readonly events: FindEvent,
    @Inject(Visibility) private readonly visibility: Visibility,
    @Inject(ALL_PARTITIONS) private readonly partitions: number[],
  ) {}

  @Get(':usage_id')
  async one(@Param('usage_id') text: string) {
    const usageId = readUsageId(text);
    const event = await this.events.find(usageId).catch(explainError);
    if (event === null) throw new ProblemError(404, 'unknown_event', `No event ${usageId} was recorded.`);
    return { ...event, freshness: await this.visibility.freshness() };
  }

  @Get()
  async list(@Query() parameters: unknown) {
    const { strong, ...query } = readEventQuery(parameters);
    if (strong) await this.visibility.caughtUp(this.partitions).catch(explainError);
    // Freshness first: what is stored after it was read can only make the answer fresher than it says.
    const freshness = await this.visibility.freshness();
    const { events, next } = await this.reader.list(query).catch(explainError);
    return { data: events, next_cursor: next && writeCursor(next), freshness };
  }
}

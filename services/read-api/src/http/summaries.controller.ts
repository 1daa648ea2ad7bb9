import { Controller, Get, Inject, Query, Req } from '@nestjs/common';
import { confinedTo, Documented, RequireScope } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';
import { type UsageReader } from '../application/ports.js';
import { Visibility } from '../application/visibility.js';
import { ALL_PARTITIONS, USAGE_READER } from '../tokens.js';
import { explainError } from './explain-error.js';
import { readSummaryQuery } from './queries.js';
import { getSummariesDoc } from './summaries.openapi.js';

@Controller('v1/summaries')
@RequireScope('read', 'anyone')
export class SummariesController {
  constructor(
    @Inject(USAGE_READER) private readonly reader: UsageReader,
    @Inject(Visibility) private readonly visibility: Visibility,
    @Inject(ALL_PARTITIONS) private readonly partitions: number[],
  ) {}

  @Get()
  @Documented(getSummariesDoc)
  async summarise(@Query() parameters: unknown, @Req() request: FastifyRequest) {
    const { strong, ...asked } = readSummaryQuery(parameters);
    const query = { ...asked, customerId: confinedTo(request, asked.customerId) };
    if (strong) await this.visibility.caughtUp(this.partitions).catch(explainError);
    const freshness = await this.visibility.freshness();
    const { rows, truncated } = await this.reader.summarise(query).catch(explainError);
    return { data: rows, truncated, freshness };
  }
}

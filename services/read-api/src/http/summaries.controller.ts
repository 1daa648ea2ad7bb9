import { Controller, Get, Inject, Query } from '@nestjs/common';
import { RequireRole } from '@ledgerline/service-kit';
import { type UsageReader } from '../application/ports.js';
import { Visibility } from '../application/visibility.js';
import { ALL_PARTITIONS, USAGE_READER } from '../tokens.js';
import { explainError } from './explain-error.js';
import { readSummaryQuery } from './queries.js';

@Controller('v1/summaries')
@RequireRole('admin')
export class SummariesController {
  constructor(
    @Inject(USAGE_READER) private readonly reader: UsageReader,
    @Inject(Visibility) private readonly visibility: Visibility,
    @Inject(ALL_PARTITIONS) private readonly partitions: number[],
  ) {}

  @Get()
  async summarise(@Query() parameters: unknown) {
    const { strong, ...query } = readSummaryQuery(parameters);
    if (strong) await this.visibility.caughtUp(this.partitions).catch(explainError);
    const freshness = await this.visibility.freshness();
    const { rows, truncated } = await this.reader.summarise(query).catch(explainError);
    return { data: rows, truncated, freshness };
  }
}

import { Controller, Get, Header, Inject, Query, Req } from '@nestjs/common';
import { confinedTo, Documented, RequireScope } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';
import { type Exports } from '../application/exports.js';
import { type UsageReader } from '../application/ports.js';
import { Visibility } from '../application/visibility.js';
import { ALL_PARTITIONS, EXPORTS, USAGE_READER } from '../tokens.js';
import { explainError } from './explain-error.js';
import { ExportAnswers } from './export/export-answers.js';
import { summaryColumns } from './export/list-columns.js';
import { listFormat } from './export/list-format.js';
import { readSummaryQuery } from './queries.js';
import { getSummariesDoc } from './summaries.openapi.js';

const PAGE = 10_000;

@Controller('v1/summaries')
@RequireScope('read', 'anyone')
export class SummariesController {
  constructor(
    @Inject(USAGE_READER) private readonly reader: UsageReader,
    @Inject(EXPORTS) private readonly exports: Exports,
    @Inject(ExportAnswers) private readonly answers: ExportAnswers,
    @Inject(Visibility) private readonly visibility: Visibility,
    @Inject(ALL_PARTITIONS) private readonly partitions: number[],
  ) {}

  @Get()
  @Documented(getSummariesDoc)
  @Header('vary', 'Accept')
  async summarise(@Query() parameters: unknown, @Req() request: FastifyRequest) {
    const format = listFormat(request.headers);
    const { strong, ...asked } = readSummaryQuery(parameters);
    const query = { ...asked, customerId: confinedTo(request, asked.customerId) };
    if (strong) await this.visibility.caughtUp(this.partitions).catch(explainError);
    if (format !== 'json') return this.answers.send('summaries', format, summaryColumns(query), () => this.exports.summaries(query)).catch(explainError);
    const freshness = await this.visibility.freshness();
    const { rows, truncated } = await this.reader.summarise({ ...query, limit: query.limit ?? PAGE }).catch(explainError);
    return { data: rows, truncated, freshness };
  }
}

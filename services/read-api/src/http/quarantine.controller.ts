import { Controller, Get, Header, Inject, Param, Query, Req } from '@nestjs/common';
import { heldItemId } from '@ledgerline/contracts';
import { Documented, PageLinks, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';
import { type Exports } from '../application/exports.js';
import { FindHeldItem } from '../application/find-held-item.js';
import { type QuarantineReader } from '../application/quarantine-reader.js';
import { Visibility } from '../application/visibility.js';
import { ALL_PARTITIONS, EXPORTS, QUARANTINE_READER } from '../tokens.js';
import { explainError } from './explain-error.js';
import { ExportAnswers } from './export/export-answers.js';
import { HELD_COLUMNS } from './export/list-columns.js';
import { listFormat } from './export/list-format.js';
import { readHeldItemId, readQuarantineQuery, writeHeldCursor } from './quarantine-queries.js';
import { getHeldItemDoc, listHeldItemsDoc } from './quarantine.openapi.js';

/** What was held back instead of counted. Acting on it is for the service that takes events. */
const PAGE = 100;

@Controller('v1/quarantine')
@RequireScope('read', 'operator')
export class QuarantineController {
  constructor(
    @Inject(QUARANTINE_READER) private readonly reader: QuarantineReader,
    @Inject(EXPORTS) private readonly exports: Exports,
    @Inject(ExportAnswers) private readonly answers: ExportAnswers,
    @Inject(FindHeldItem) private readonly items: FindHeldItem,
    @Inject(Visibility) private readonly visibility: Visibility,
    @Inject(ALL_PARTITIONS) private readonly partitions: number[],
  ) {}

  @Get(':id')
  @Documented(getHeldItemDoc)
  async one(@Param('id') id: string) {
    const position = readHeldItemId(id);
    const item = await this.items.find(position).catch(explainError);
    if (item === null) throw new ProblemError(404, 'unknown_item', `Nothing was held back as ${heldItemId(position)}.`);
    return { ...item, freshness: await this.visibility.freshness() };
  }

  @Get()
  @Header('vary', 'Accept')
  @PageLinks()
  @Documented(listHeldItemsDoc)
  async list(@Query() parameters: unknown, @Req() request: FastifyRequest) {
    const { strong, summary, limit, ...query } = readQuarantineQuery(parameters);
    const format = listFormat(request.headers, summary ? ['application/json'] : undefined);
    if (strong) await this.visibility.caughtUp(this.partitions).catch(explainError);
    if (format !== 'json') return this.answers.send('quarantine', format, HELD_COLUMNS, () => this.exports.heldItems({ ...query, limit })).catch(explainError);
    const freshness = await this.visibility.freshness();
    if (summary) return { data: await this.reader.summarise(query).catch(explainError), freshness };
    const { items, next } = await this.reader.list({ ...query, limit: limit ?? PAGE }).catch(explainError);
    return { data: items, next_cursor: next && writeHeldCursor(next), freshness };
  }
}

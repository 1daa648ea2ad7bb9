import { Controller, Get, Header, Inject, Query, Req } from '@nestjs/common';
import { recordError, toRecord, type UsageView } from '@ledgerline/domain-dialects';
import { jsonNumber } from '@ledgerline/kernel';
import { confinedTo, Documented, ErrorBody, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';
import { NEWEST_FIRST } from '../application/event-order.js';
import { conditionsOf, costOf, fitsNothing, type RecordsQuery, type RecordTotals, summariseRecords, TooManyModelsError } from '../application/read-records.js';
import { StrongReader } from '../application/strong-reader.js';
import { cursorField, recordsQuery } from './dialect-queries.js';
import { readRecordsDoc, recordErrorDoc } from './dialects.openapi.js';
import { placeOf } from './event-queries.js';
import { explainError } from './explain-error.js';
import { check, orderly } from './queries.js';

/** Usage records: the calls themselves, newest first, or with `summary=true` their sums by context and by model. */
@ErrorBody(({ code, detail, errors }) => recordError(code, detail, errors), recordErrorDoc)
@Controller('v1/usage')
@RequireScope('read', 'anyone')
export class RecordsController {
  constructor(@Inject(StrongReader) private readonly usage: StrongReader) {}

  @Get()
  @Header('cache-control', 'no-store')
  @Documented(readRecordsDoc)
  async read(@Query() parameters: unknown, @Req() request: FastifyRequest) {
    const { accountId: asked, modelId, context, startDate: fromUs, endDate: toUs, summary, limit, cursor } = check(recordsQuery, parameters);
    orderly(fromUs, toUs, 'endDate');
    const query = { accountId: confinedTo(request, asked), modelId, context, fromUs, toUs };
    if (summary === 'true') return { success: true, summary: await this.summarise(query) };
    if (fitsNothing(query)) return { success: true, usageRecords: [] };
    const filter = conditionsOf(query);
    const page = await this.usage.list({ ...filter, after: placeOf(cursor, NEWEST_FIRST, filter), limit }).catch(explainError);
    const usageRecords = page.events.map((event) => toRecord(event as unknown as UsageView, jsonNumber));
    return { success: true, usageRecords, ...cursorField('nextCursor', page, filter) };
  }

  private async summarise(query: RecordsQuery) {
    await this.usage.caughtUp().catch(explainError);
    const { total, byContext, byModel } = await summariseRecords(this.usage.reader, query).catch(tooMany).catch(explainError);
    return {
      totalCostUsd: costNumber(total),
      totalInputTokens: jsonNumber(String(total.input)),
      totalOutputTokens: jsonNumber(String(total.output)),
      byContext: { customer: costNumber(byContext.customer), system: costNumber(byContext.system) },
      byModel: Object.fromEntries([...byModel].sort(([a], [b]) => (a < b ? -1 : 1)).map(([model, sums]) => [model, { costUsd: costNumber(sums), count: jsonNumber(String(sums.count)) }])),
      ...(total.unpriced === 0n ? {} : { unpricedCount: jsonNumber(String(total.unpriced)), warning: `${total.unpriced} of these records have no price; their cost is unknown and in no sum.` }),
    };
  }
}

function costNumber(sums: RecordTotals): unknown {
  const cost = costOf(sums);
  return cost === null ? null : jsonNumber(cost);
}

function tooMany(error: unknown): never {
  if (error instanceof TooManyModelsError) throw new ProblemError(422, 'too_many_models', error.message);
  throw error;
}

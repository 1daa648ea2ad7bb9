import { Body, Controller, Delete, Get, Header, HttpCode, Inject, Param, Post, Put, Query, Req } from '@nestjs/common';
import { type Metric, monthOf, type MonthNumber, parseMonth, quotaTerms, type TermError } from '@ledgerline/domain-quota';
import { type Clock } from '@ledgerline/kernel';
import { CLOCK, confinedTo, parseInput, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';
import { ChangeQuota } from '../application/change-quota.js';
import { DeleteQuota } from '../application/delete-quota.js';
import { CountingBusyError, QuotaExistsError, type QuotaReader } from '../application/ports.js';
import { SetQuota } from '../application/set-quota.js';
import { quotaJson } from './quota-json.js';
import { changedQuotaRequest, newQuotaRequest, quotaQuery, quotasQuery } from './quota-requests.js';

export const QUOTA_READER = Symbol('QUOTA_READER');

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Quotas per customer and calendar month (UTC). */
@RequireScope('admin', 'operator')
@Controller('v1/quotas')
export class QuotasController {
  constructor(
    @Inject(SetQuota) private readonly setQuota: SetQuota,
    @Inject(ChangeQuota) private readonly changeQuota: ChangeQuota,
    @Inject(DeleteQuota) private readonly deleteQuota: DeleteQuota,
    @Inject(QUOTA_READER) private readonly reader: QuotaReader,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post()
  async create(@Body() body: unknown) {
    const request = parseInput(newQuotaRequest, body);
    const metric = request.metric as Metric;
    const terms = quotaTerms(metric, request.limit, request.thresholds);
    if (!terms.ok) throw invalid(terms.error);
    const wanted = {
      customerId: request.customer_id,
      metric,
      provider: request.provider ?? null,
      model: request.model ?? null,
      terms: terms.value,
    };
    return this.show(await this.setQuota.execute(wanted).catch(refused), undefined);
  }

  @Get()
  @RequireScope('read', 'anyone')
  @Header('cache-control', 'no-store')
  async list(@Query() query: unknown, @Req() request: FastifyRequest) {
    const { customer_id: asked, metric, period, cursor, limit } = parseInput(quotasQuery, query);
    const views = await this.reader.list(
      { customerId: confinedTo(request, asked), metric: metric as Metric | undefined, after: cursor, limit: limit + 1 },
      this.month(period),
    );
    const page = views.slice(0, limit);
    return { data: page.map(quotaJson), next_cursor: views.length > limit ? page.at(-1)!.quota.id : null };
  }

  @Get(':id')
  @RequireScope('read', 'anyone')
  @Header('cache-control', 'no-store')
  async get(@Param('id') id: string, @Query() query: unknown, @Req() request: FastifyRequest) {
    return this.show(known(id), parseInput(quotaQuery, query).period, confinedTo(request));
  }

  @Put(':id')
  async change(@Param('id') id: string, @Body() body: unknown) {
    const request = parseInput(changedQuotaRequest, body);
    const result = await this.changeQuota
      .execute(known(id), (quota) => quotaTerms(quota.metric, request.limit, request.thresholds ?? quota.terms.thresholds))
      .catch(refused);
    if (result === undefined) throw notFound(id);
    if (!result.ok) throw invalid(result.error);
    return this.show(id, undefined);
  }

  @Delete(':id')
  @HttpCode(204)
  async remove(@Param('id') id: string): Promise<void> {
    if (!(await this.deleteQuota.execute(known(id)).catch(refused))) throw notFound(id);
  }

  /** @param of the customer to keep to */
  private async show(id: string, period: string | undefined, of?: string) {
    const view = await this.reader.find(id, this.month(period));
    if (view === undefined || (of !== undefined && view.quota.customerId !== of)) throw notFound(id);
    return quotaJson(view);
  }

  private month(period: string | undefined): MonthNumber {
    return (period === undefined ? undefined : parseMonth(period)) ?? monthOf(this.clock.nowMs() * 1000);
  }
}

const notFound = (id: string): ProblemError => new ProblemError(404, 'quota_not_found', `There is no quota ${id.slice(0, 64)}.`);

const invalid = (errors: readonly TermError[]): ProblemError =>
  new ProblemError(422, 'validation_failed', `The request has ${errors.length} bad field${errors.length === 1 ? '' : 's'}.`, errors);

/** What a use case refuses, as the caller is told. */
function refused(error: unknown): never {
  if (error instanceof QuotaExistsError) {
    throw new ProblemError(
      409,
      'quota_exists',
      `Quota ${error.quotaId} limits the same already; change it with PUT /v1/quotas/${error.quotaId}.`,
    );
  }
  if (error instanceof CountingBusyError)
    throw new ProblemError(503, 'busy', 'Usage is being counted; try again.', undefined, { 'retry-after': '1' });
  throw error;
}

/** The id itself, when it can be one. */
function known(id: string): string {
  if (!UUID.test(id)) throw notFound(id);
  return id;
}

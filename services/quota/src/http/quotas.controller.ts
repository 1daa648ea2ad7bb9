import { Body, Controller, Delete, Get, Header, HttpCode, Inject, Param, Post, Put, Query, Req } from '@nestjs/common';
import { actorOf, type Change, Changes } from '@ledgerline/administration';
import { type Metric, monthOf, type MonthNumber, parseMonth, quotaTerms, type TermError } from '@ledgerline/domain-quota';
import { type Clock } from '@ledgerline/kernel';
import { CLOCK, confinedTo, Documented, PageLinks, parseInput, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';
import { ChangeQuota } from '../application/change-quota.js';
import { DeleteQuota } from '../application/delete-quota.js';
import { CountingBusyError, QuotaExistsError, type QuotaReader } from '../application/ports.js';
import { SetQuota } from '../application/set-quota.js';
import { quotaJson } from './quota-json.js';
import { changedQuotaRequest, newQuotaRequest, quotaQuery, quotasQuery } from './quota-requests.js';
import { changeQuotaDoc, createQuotaDoc, deleteQuotaDoc, getQuotaDoc, listQuotasDoc } from './quotas.openapi.js';

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
    @Inject(Changes) private readonly changes: Changes,
  ) {}

  @Post()
  @Documented(createQuotaDoc)
  async create(@Body() body: unknown, @Req() request: FastifyRequest) {
    const asked = parseInput(newQuotaRequest, body);
    const metric = asked.metric as Metric;
    const terms = quotaTerms(metric, asked.limit, asked.thresholds);
    if (!terms.ok) throw invalid(terms.error);
    const wanted = {
      customerId: asked.customer_id,
      metric,
      provider: asked.provider ?? null,
      model: asked.model ?? null,
      terms: terms.value,
    };
    return this.changes.once(request, async (change) => this.showChanged(await this.setQuota.execute(wanted, change).catch(refused), change));
  }

  @Get()
  @RequireScope('read', 'anyone')
  @Header('cache-control', 'no-store')
  @PageLinks()
  @Documented(listQuotasDoc)
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
  @Documented(getQuotaDoc)
  async get(@Param('id') id: string, @Query() query: unknown, @Req() request: FastifyRequest) {
    return this.show(known(id), parseInput(quotaQuery, query).period, confinedTo(request));
  }

  @Put(':id')
  @Documented(changeQuotaDoc)
  async change(@Param('id') id: string, @Body() body: unknown, @Req() request: FastifyRequest) {
    const { limit, thresholds } = parseInput(changedQuotaRequest, body);
    return this.changes.make(actorOf(request), async (change) => {
      const result = await this.changeQuota.execute(known(id), (quota) => quotaTerms(quota.metric, limit, thresholds ?? quota.terms.thresholds), change).catch(refused);
      if (result === undefined) throw notFound(id);
      if (!result.ok) throw invalid(result.error);
      return this.showChanged(id, change);
    });
  }

  @Delete(':id')
  @HttpCode(204)
  @Documented(deleteQuotaDoc)
  async remove(@Param('id') id: string, @Req() request: FastifyRequest): Promise<void> {
    const removed = await this.changes.make(actorOf(request), (change) => this.deleteQuota.execute(known(id), change).catch(refused));
    if (!removed) throw notFound(id);
  }

  private async showChanged(id: string, change: Change) {
    return quotaJson((await this.reader.find(id, this.month(undefined), change))!);
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

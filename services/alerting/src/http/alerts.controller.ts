import { Controller, Get, Header, Inject, Param, Query, Req } from '@nestjs/common';
import { confinedTo, Documented, PageLinks, parseInput, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';
import { type AlertReader, type AlertView } from '../application/ports.js';
import { toCursor } from './alert-cursor.js';
import { alertJson, transitionJson } from './alert-json.js';
import { alertsQuery } from './alerts-query.js';
import { getAlertDoc, getAlertHistoryDoc, listAlertsDoc } from './alerts.openapi.js';

export const ALERT_READER = Symbol('ALERT_READER');

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Alerts about quotas and about what is held back, newest first. A customer's key sees those about its own quotas. */
@RequireScope('read', 'anyone')
@Controller('v1/alerts')
export class AlertsController {
  constructor(@Inject(ALERT_READER) private readonly reader: AlertReader) {}

  @Get()
  @Header('cache-control', 'no-store')
  @PageLinks()
  @Documented(listAlertsDoc)
  async list(@Query() query: unknown, @Req() request: FastifyRequest) {
    const { kind, customer_id: asked, quota_id: quotaId, status, cursor: behind, limit } = parseInput(alertsQuery, query);
    const alerts = await this.reader.list({ kind, customerId: confinedTo(request, asked), quotaId, status, behind, limit: limit + 1 });
    const page = alerts.slice(0, limit);
    return { data: page.map(alertJson), next_cursor: alerts.length > limit ? toCursor(page.at(-1)!) : null };
  }

  @Get(':id')
  @Header('cache-control', 'no-store')
  @Documented(getAlertDoc)
  async get(@Param('id') id: string, @Req() request: FastifyRequest) {
    return alertJson(await this.find(id, request));
  }

  /** Every change of an alert, oldest first. */
  @Get(':id/history')
  @Header('cache-control', 'no-store')
  @Documented(getAlertHistoryDoc)
  async history(@Param('id') id: string, @Req() request: FastifyRequest) {
    const transitions = await this.reader.historyOf((await this.find(id, request)).id);
    return { data: transitions.map(transitionJson) };
  }

  private async find(id: string, request: FastifyRequest): Promise<AlertView> {
    const alert = UUID.test(id) ? await this.reader.find(id) : undefined;
    const of = confinedTo(request);
    if (alert === undefined || (of !== undefined && alert.customerId !== of)) throw notFound(id);
    return alert;
  }
}

const notFound = (id: string): ProblemError => new ProblemError(404, 'alert_not_found', `there is no alert ${id}`);

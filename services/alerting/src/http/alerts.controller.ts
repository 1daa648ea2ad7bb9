import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { actorOf, Changes } from '@ledgerline/administration';
import { type StatementKind } from '@ledgerline/domain-alerting';
import { confinedTo, Documented, PageLinks, parseInput, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';
import { type AlertReader, type AlertView } from '../application/ports.js';
import { SayOfAlert } from '../application/say-of-alert.js';
import { toCursor } from './alert-cursor.js';
import { alertJson, transitionJson } from './alert-json.js';
import { alertsQuery } from './alerts-query.js';
import { acknowledgeAlertDoc, getAlertDoc, getAlertHistoryDoc, listAlertsDoc, resolveAlertDoc } from './alerts.openapi.js';
import { statementRequest } from './statement-request.js';

export const ALERT_READER = Symbol('ALERT_READER');

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Alerts about quotas and about what is held back, newest first. A customer's key sees those about its own quotas. */
@RequireScope('read', 'anyone')
@Controller('v1/alerts')
export class AlertsController {
  constructor(
    @Inject(ALERT_READER) private readonly reader: AlertReader,
    @Inject(SayOfAlert) private readonly sayOfAlert: SayOfAlert,
    @Inject(Changes) private readonly changes: Changes,
  ) {}

  @Get()
  @Header('cache-control', 'no-store')
  @PageLinks()
  @Documented(listAlertsDoc)
  async list(@Query() query: unknown, @Req() request: FastifyRequest) {
    const { kind, customer_id: asked, quota_id: quotaId, status, acknowledged, cursor: behind, limit } = parseInput(alertsQuery, query);
    const alerts = await this.reader.list({ kind, customerId: confinedTo(request, asked), quotaId, status, acknowledged, behind, limit: limit + 1 });
    const page = alerts.slice(0, limit);
    return { data: page.map((alert) => alertJson(alert, toCustomer(request))), next_cursor: alerts.length > limit ? toCursor(page.at(-1)!) : null };
  }

  @Get(':id')
  @Header('cache-control', 'no-store')
  @Documented(getAlertDoc)
  async get(@Param('id') id: string, @Req() request: FastifyRequest) {
    return alertJson(await this.find(id, request), toCustomer(request));
  }

  /** Every change of an alert, oldest first. */
  @Get(':id/history')
  @Header('cache-control', 'no-store')
  @Documented(getAlertHistoryDoc)
  async history(@Param('id') id: string, @Req() request: FastifyRequest) {
    const transitions = await this.reader.historyOf((await this.find(id, request)).id);
    return { data: transitions.map((transition) => transitionJson(transition, toCustomer(request))) };
  }

  @Post(':id/acknowledge')
  @HttpCode(200)
  @RequireScope('admin', 'operator')
  @Documented(acknowledgeAlertDoc)
  acknowledge(@Param('id') id: string, @Body() body: unknown, @Req() request: FastifyRequest) {
    return this.say('acknowledged', id, body, request);
  }

  @Post(':id/resolve')
  @HttpCode(200)
  @RequireScope('admin', 'operator')
  @Documented(resolveAlertDoc)
  resolve(@Param('id') id: string, @Body() body: unknown, @Req() request: FastifyRequest) {
    return this.say('resolved', id, body, request);
  }

  private async say(kind: StatementKind, id: string, body: unknown, request: FastifyRequest) {
    const { note } = parseInput(statementRequest, body === undefined ? {} : body);
    if (!UUID.test(id)) throw notFound(id);
    const by = actorOf(request);
    return this.changes.make(by, async (change) => {
      if (!(await this.sayOfAlert.execute(kind, { alertId: id.toLowerCase(), by: by.id, note: note ?? null }, change))) throw notFound(id);
      return alertJson((await this.reader.find(id, change))!, toCustomer(request));
    });
  }

  private async find(id: string, request: FastifyRequest): Promise<AlertView> {
    const alert = UUID.test(id) ? await this.reader.find(id) : undefined;
    const of = confinedTo(request);
    if (alert === undefined || (of !== undefined && alert.customerId !== of)) throw notFound(id);
    return alert;
  }
}

const toCustomer = (request: FastifyRequest): boolean => confinedTo(request) !== undefined;

const notFound = (id: string): ProblemError => new ProblemError(404, 'alert_not_found', `there is no alert ${id}`);

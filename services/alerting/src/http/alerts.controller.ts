import { Controller, Get, Header, Inject, Param, Query, Req } from '@nestjs/common';
import { confinedTo, parseInput, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ALERT_KINDS, type AlertReader, type AlertView } from '../application/ports.js';
import { fromCursor, toCursor } from './alert-cursor.js';
import { alertJson, transitionJson } from './alert-json.js';

export const ALERT_READER = Symbol('ALERT_READER');

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

const alertsQuery = z.strictObject({
  kind: z.enum(ALERT_KINDS, `expected ${ALERT_KINDS.join(' or ')}`).optional(),
  customer_id: z
    .string()
    .min(1, 'must not be empty')
    .max(256, 'must be at most 256 characters long')
    .refine((text) => !text.includes('\0'), 'must not contain U+0000')
    .optional(),
  quota_id: z.uuid('expected the id of a quota').optional(),
  status: z.enum(['active', 'resolved'], 'expected active or resolved').optional(),
  cursor: z
    .string()
    .transform((text, context) => {
      const place = fromCursor(text);
      if (place !== undefined) return place;
      context.addIssue({ code: 'custom', message: 'expected the next_cursor of an earlier answer' });
      return z.NEVER;
    })
    .optional(),
  limit: z.coerce
    .number('expected a number from 1 to 1000')
    .int('expected a whole number')
    .min(1, 'expected 1 or more')
    .max(1000, 'expected at most 1000')
    .default(100),
});

/** Alerts about quotas and about what is held back, newest first. A customer's key sees those about its own quotas. */
@RequireScope('read', 'anyone')
@Controller('v1/alerts')
export class AlertsController {
  constructor(@Inject(ALERT_READER) private readonly reader: AlertReader) {}

  @Get()
  @Header('cache-control', 'no-store')
  async list(@Query() query: unknown, @Req() request: FastifyRequest) {
    const { kind, customer_id: asked, quota_id: quotaId, status, cursor: behind, limit } = parseInput(alertsQuery, query);
    const alerts = await this.reader.list({ kind, customerId: confinedTo(request, asked), quotaId, status, behind, limit: limit + 1 });
    const page = alerts.slice(0, limit);
    return { data: page.map(alertJson), next_cursor: alerts.length > limit ? toCursor(page.at(-1)!) : null };
  }
  @Get(':id')
  @Header('cache-control', 'no-store')
  async get(@Param('id') id: string, @Req() request: FastifyRequest) {
    return alertJson(await this.find(id, request));
  }

  /** Every change of an alert, oldest first. */
  @Get(':id/history')
  @Header('cache-control', 'no-store')
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

import { Controller, Get, Header, Inject, Query } from '@nestjs/common';
import { parseInput, RequireRole } from '@ledgerline/service-kit';
import { z } from 'zod';
import { type AlertReader } from '../application/ports.js';
import { fromCursor, toCursor } from './alert-cursor.js';
import { alertJson } from './alert-json.js';

export const ALERT_READER = Symbol('ALERT_READER');

const alertsQuery = z.strictObject({
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

/** Alerts about quotas, newest first. */
@RequireRole('admin')
@Controller('v1/alerts')
export class AlertsController {
  constructor(@Inject(ALERT_READER) private readonly reader: AlertReader) {}

  @Get()
  @Header('cache-control', 'no-store')
  async list(@Query() query: unknown) {
    const { customer_id: customerId, quota_id: quotaId, status, cursor: behind, limit } = parseInput(alertsQuery, query);
    const alerts = await this.reader.list({ customerId, quotaId, status, behind, limit: limit + 1 });
    const page = alerts.slice(0, limit);
    return { data: page.map(alertJson), next_cursor: alerts.length > limit ? toCursor(page.at(-1)!) : null };
  }
}

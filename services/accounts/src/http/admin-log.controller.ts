import { Controller, Get, Header, Inject, Query } from '@nestjs/common';
import { Documented, parseInput, RequireScope } from '@ledgerline/service-kit';
import { type AdminLog, type AdminLogEntry } from '../application/admin-log.js';
import { adminLogQuery, toCursor } from './admin-log-query.js';
import { listAdminLogDoc } from './admin-log.openapi.js';
import { page } from './page.js';

export const ADMIN_LOG = Symbol('ADMIN_LOG');

const entryJson = (entry: AdminLogEntry) => ({
  id: entry.id,
  at: entry.at,
  actor_type: entry.actorType,
  actor: entry.actor,
  action: entry.action,
  object_type: entry.objectType,
  object: entry.objectId,
  customer_id: entry.customerId,
  before: entry.before,
  after: entry.after,
  trace_id: entry.traceId,
});

/** Who changed what, in every service. */
@RequireScope('admin', 'operator')
@Controller('v1/admin-log')
export class AdminLogController {
  constructor(@Inject(ADMIN_LOG) private readonly log: AdminLog) {}

  @Get()
  @Header('cache-control', 'no-store')
  @Documented(listAdminLogDoc)
  async list(@Query() query: unknown) {
    const { customer_id: customerId, object: objectId, cursor: behind, limit, ...rest } = parseInput(adminLogQuery, query);
    return page(await this.log.list({ ...rest, customerId, objectId, behind, limit: limit + 1 }), limit, entryJson, toCursor);
  }
}

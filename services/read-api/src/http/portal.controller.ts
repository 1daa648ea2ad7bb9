import { Controller, Get, Header, Inject, Query, Req } from '@nestjs/common';
import { invalidText, isProjectId, type Issue, portalError, portalRecord, type UsageView, wrongType } from '@ledgerline/domain-dialects';
import { jsonNumber } from '@ledgerline/kernel';
import { confinedTo, Documented, ErrorBody, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';
import { type Projects } from '../application/ports.js';
import { StrongReader } from '../application/strong-reader.js';
import { PROJECTS } from '../tokens.js';
import { explainError } from './explain-error.js';
import { listPortalUsageDoc, portalErrorDoc } from './portal.openapi.js';
import { readTime } from './read-time.js';

/** The portal's answer has no pages. */
const MOST_RECORDS = 10_000;

interface PortalQuery {
  projectId?: string;
  fromUs?: number;
  toUs?: number;
}

/** The client portal's `GET /api/usage`: what was used, newest first; everything acknowledged before is in it. */
@ErrorBody((problem) => portalError(problem.status, problem.detail, problem.details as Issue[] | undefined), portalErrorDoc)
@Controller('api/usage')
export class PortalController {
  constructor(
    @Inject(StrongReader) private readonly usage: StrongReader,
    @Inject(PROJECTS) private readonly projects: Projects,
  ) {}

  @Get()
  @RequireScope('read', 'anyone')
  @Header('cache-control', 'no-store')
  @Documented(listPortalUsageDoc)
  async list(@Query() parameters: unknown, @Req() request: FastifyRequest) {
    const query = readPortalQuery(parameters as Record<string, unknown>);
    const customerId = confinedTo(request, query.projectId === undefined ? undefined : await this.customerOf(query.projectId));
    const { events } = await this.usage.list({ ...query, customerId, limit: MOST_RECORDS }).catch(explainError);
    return { count: events.length, usage: events.map((event) => portalRecord(event as unknown as UsageView, jsonNumber)) };
  }

  private async customerOf(projectId: string): Promise<string> {
    const customerId = await this.projects.customerOf(projectId);
    if (customerId === null) throw new ProblemError(404, 'project_not_found', 'There is no such project.');
    return customerId;
  }
}

/** @throws ProblemError 422 naming every bad parameter; those that the guide does not name are passed over */
function readPortalQuery({ project_id, date_from, date_to }: Record<string, unknown>): PortalQuery {
  const issues: Issue[] = [];
  const check = <T>(field: string, value: unknown, read: (text: string) => T | null, kind: string): T | undefined => {
    if (value === undefined || value === '') return undefined;
    const result = typeof value === 'string' ? read(value) : null;
    if (result !== null) return result;
    issues.push(typeof value === 'string' ? invalidText([field], kind) : wrongType([field], 'string', value));
    return undefined;
  };
  const query = {
    projectId: check('project_id', project_id, (text) => (isProjectId(text) ? text.toLowerCase() : null), 'uuid'),
    fromUs: check('date_from', date_from, readTime, 'datetime'),
    toUs: check('date_to', date_to, readTime, 'datetime'),
  };
  if (issues.length > 0) throw new ProblemError(422, 'validation_failed', 'The request has bad parameters.', undefined, undefined, issues);
  return query;
}

import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import { MAX_COUNT } from '@ledgerline/contracts';
import { custom, type Issue, portalError, portalRecord, type PortalUsage, readPortalUsage } from '@ledgerline/domain-dialects';
import { jsonNumber } from '@ledgerline/kernel';
import { Documented, ErrorBody, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { PROJECTS, type Projects } from '../application/projects.js';
import { portalErrorDoc, recordPortalUsageDoc } from './portal.openapi.js';
import { readJson } from './read-json.js';
import { TakeUsage } from './take-usage.js';

/** What a native event calls the fields. */
const NAMES: Readonly<Record<string, string>> = { occurred_at: 'request_timestamp', customer_id: 'project_id' };

/** What is wrong with single fields is told in the portal's words. */
function wordError({ status, detail, details, errors }: ProblemError): object {
  const issues = details ?? (status === 422 ? errors?.map(({ field, reason }) => custom([field], reason)) : undefined);
  return portalError(status, detail, issues as Issue[] | undefined);
}

/** The client portal's `POST /api/usage`: one usage of a project, answered with its cost. */
@ErrorBody(wordError, portalErrorDoc)
@Controller('api/usage')
export class PortalController {
  constructor(
    @Inject(TakeUsage) private readonly usage: TakeUsage,
    @Inject(PROJECTS) private readonly projects: Projects,
  ) {}

  @Post()
  @RequireScope('ingest', 'anyone')
  @Documented(recordPortalUsageDoc)
  async record(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    this.usage.demandLog();
    const usage = readPortalUsage(await readJson(request), MAX_COUNT);
    if (isIssues(usage)) throw new ProblemError(422, 'validation_failed', 'The usage is not valid.', undefined, undefined, usage);
    const { project_id, provider, model, input_tokens, output_tokens, request_timestamp } = usage;
    const event = { source: 'portal', customer_id: await this.customerOf(project_id, request), project_id, provider, model, usage: { input_tokens, output_tokens }, occurred_at: request_timestamp };
    return portalRecord(await this.usage.take(event, NAMES, request, reply), jsonNumber);
  }

  /** A project that is another customer's does not exist for the caller. */
  private async customerOf(projectId: string, { principal }: FastifyRequest): Promise<string> {
    const customerId = await this.projects.customerOf(projectId);
    if (customerId === null || (principal.customerId !== null && principal.customerId !== customerId)) throw new ProblemError(404, 'project_not_found', 'There is no such project.');
    return customerId;
  }
}

const isIssues = (read: PortalUsage | readonly Issue[]): read is readonly Issue[] => Array.isArray(read);

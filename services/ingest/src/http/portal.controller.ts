import { randomUUID } from 'node:crypto';
import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import { MAX_COUNT } from '@ledgerline/contracts';
import { custom, type Issue, portalError, portalRecord, type PortalUsage, readPortalUsage, shortTime } from '@ledgerline/domain-dialects';
import { type PriceBook } from '@ledgerline/domain-pricing';
import { jsonNumber } from '@ledgerline/kernel';
import { ErrorBody, ProblemError, RateLimits, RequireScope } from '@ledgerline/service-kit';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { PROJECTS, type Projects } from '../application/projects.js';
import { RecordEvents } from '../application/record-events.js';
import { USAGE_LOG, type UsageLog } from '../application/usage-log.js';
import { estimateCost } from './estimate-cost.js';
import { idempotencyKey } from './idempotency-key.js';
import { readJson } from './read-json.js';
import { readUsageEvent } from './read-usage-event.js';

/** DI token of the price book that estimates are made with. */
export const PRICE_BOOK = Symbol('PRICE_BOOK');

const LATER = { 'retry-after': '1' };
/** What a native event calls the fields. */
const FIELDS: Readonly<Record<string, string>> = { occurred_at: 'request_timestamp', customer_id: 'project_id' };

/** The client portal's `POST /api/usage`: one usage of a project, answered with its cost. */
@ErrorBody((problem) => portalError(problem.status, problem.detail, problem.details as Issue[] | undefined))
@Controller('api/usage')
export class PortalController {
  constructor(
    @Inject(RecordEvents) private readonly recordEvents: RecordEvents,
    @Inject(USAGE_LOG) private readonly log: UsageLog,
    @Inject(PROJECTS) private readonly projects: Projects,
    @Inject(PRICE_BOOK) private readonly book: PriceBook,
    @Inject(RateLimits) private readonly limits: RateLimits,
  ) {}

  @Post()
  @RequireScope('ingest', 'anyone')
  async record(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    if (!this.log.available) throw new ProblemError(503, 'log_unavailable', 'The event log cannot be reached; nothing was taken.', undefined, LATER);
    const usage = readPortalUsage(await readJson(request), MAX_COUNT);
    if (isIssues(usage)) throw invalid(usage);
    const customerId = await this.customerOf(usage.project_id, request);
    await this.limits.takeEvents(request.principal, 1, reply);
    return this.take(usage, customerId, request);
  }

  /** A project that is another customer's does not exist for the caller. */
  private async customerOf(projectId: string, { principal }: FastifyRequest): Promise<string> {
    const customerId = await this.projects.customerOf(projectId);
    if (customerId === null || (principal.customerId !== null && principal.customerId !== customerId)) throw new ProblemError(404, 'project_not_found', 'There is no such project.');
    return customerId;
  }

  private async take(usage: PortalUsage, customerId: string, request: FastifyRequest) {
    const { project_id, provider, model, input_tokens, output_tokens, request_timestamp } = usage;
    const id = idempotencyKey(request) ?? randomUUID();
    let costUsd: string | null = null;
    let occurredAtUs = 0;
    const [result] = await this.recordEvents.record({
      events: [{ id, customer_id: customerId, project_id, provider, model, usage: { input_tokens, output_tokens }, occurred_at: request_timestamp }],
      read: (event, row, nowUs) => {
        const rejection = readUsageEvent(event, row, nowUs);
        if (rejection !== null) return rejection;
        costUsd = estimateCost(this.book, row);
        occurredAtUs = row.occurredAtUs;
        return null;
      },
      apiKeyId: request.principal.keyId,
      customerId: request.principal.customerId,
      idOf: () => id,
      backfill: false,
      traceparent: request.trace?.traceparent,
    });
    if (result!.status === 'rejected') throw invalid([custom([FIELDS[result!.field] ?? result!.field], result!.reason)]);
    if (result!.status === 'unknown') throw new ProblemError(503, 'event_unknown', `It is not known whether the usage is stored: ${result!.reason}. Send it again with the same Idempotency-Key.`, undefined, LATER);
    const requestTimestamp = request_timestamp ?? shortTime(new Date(occurredAtUs / 1000).toISOString());
    return portalRecord({ id: result!.usageId, projectId: project_id, provider, model, inputTokens: input_tokens, outputTokens: output_tokens, costUsd, requestTimestamp }, jsonNumber);
  }
}

const isIssues = (read: PortalUsage | readonly Issue[]): read is readonly Issue[] => Array.isArray(read);

const invalid = (issues: readonly Issue[]): ProblemError => new ProblemError(422, 'validation_failed', 'The usage is not valid.', undefined, undefined, issues);

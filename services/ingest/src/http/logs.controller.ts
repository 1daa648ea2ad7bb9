import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import { fromLog, toLog } from '@ledgerline/domain-dialects';
import { jsonNumber } from '@ledgerline/kernel';
import { confinedTo, Documented, parseInput, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { MEMBERS, type Members } from '../application/members.js';
import { given, newLogRequest } from './dialect-requests.js';
import { recordUsageLogDoc } from './dialects.openapi.js';
import { readJson } from './read-json.js';
import { TakeUsage } from './take-usage.js';

/** What a native event calls the fields. */
const NAMES: Readonly<Record<string, string>> = {
  model: 'model_name',
  operation: 'operation_type',
  'usage.input_tokens': 'input_tokens',
  'usage.cached_input_tokens': 'cached_tokens',
  'usage.output_tokens': 'output_tokens',
  'usage.credits': 'firecrawl_credits',
};

/** Usage logs: `POST /v1/usage-logs` takes a user's call of an AI service, failed ones too. */
@Controller('v1/usage-logs')
export class LogsController {
  constructor(
    @Inject(TakeUsage) private readonly usage: TakeUsage,
    @Inject(MEMBERS) private readonly members: Members,
  ) {}

  @Post()
  @RequireScope('ingest', 'anyone')
  @Documented(recordUsageLogDoc)
  async record(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    this.usage.demandLog();
    const { customer_id: asked, ...usage } = given(parseInput(newLogRequest, await readJson(request)));
    const customerId = confinedTo(request, asked) ?? (await this.members.customerOf(usage.user_id));
    if (customerId === null) {
      throw new ProblemError(422, 'validation_failed', 'The request has 1 bad field.', [{ field: 'user_id', reason: 'is no user of a customer; make it one with POST /v1/users, name its customer_id, or use a key of its customer' }]);
    }
    return toLog(await this.usage.take(fromLog(usage, customerId), NAMES, request, reply), jsonNumber);
  }
}

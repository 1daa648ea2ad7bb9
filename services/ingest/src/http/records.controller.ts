import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import { fromRecord, providerOf, recordError, toRecord } from '@ledgerline/domain-dialects';
import { SYSTEM_CUSTOMER } from '@ledgerline/domain-metering';
import { type PriceBook } from '@ledgerline/domain-pricing';
import { jsonNumber } from '@ledgerline/kernel';
import { Documented, ErrorBody, parseInput, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { given, newRecordRequest } from './dialect-requests.js';
import { recordErrorDoc, recordUsageRecordDoc } from './dialects.openapi.js';
import { PRICE_BOOK } from './price-book.js';
import { readJson } from './read-json.js';
import { TakeUsage } from './take-usage.js';

/** What a native event calls the fields. */
const NAMES: Readonly<Record<string, string>> = {
  customer_id: 'accountId',
  model: 'modelId',
  operation: 'usageType',
  transaction_id: 'transactionId',
  'usage.input_tokens': 'inputTokens',
  'usage.output_tokens': 'outputTokens',
};

/** Usage records: `POST /v1/usage/record` takes a model call of an account, or of the platform itself. */
@ErrorBody(({ code, detail, errors }) => recordError(code, detail, errors), recordErrorDoc)
@Controller('v1/usage/record')
export class RecordsController {
  constructor(
    @Inject(TakeUsage) private readonly usage: TakeUsage,
    @Inject(PRICE_BOOK) private readonly book: PriceBook,
  ) {}

  @Post()
  @RequireScope('ingest', 'anyone')
  @Documented(recordUsageRecordDoc)
  async record(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    this.usage.demandLog();
    const { context, ...usage } = given(parseInput(newRecordRequest, await readJson(request)));
    const accountId = context === 'system' ? undefined : accountOf(usage.accountId, request);
    const event = fromRecord({ ...usage, accountId }, providerOf(this.book.providersOf(usage.modelId)));
    return { success: true, usageRecord: toRecord(await this.usage.take(event, NAMES, request, reply), jsonNumber) };
  }
}

/** The account that is named, else the one that the key belongs to. */
function accountOf(accountId: string | undefined, { principal }: FastifyRequest): string {
  const account = accountId ?? principal.customerId;
  if (account === null) throw refused('accountId', 'is required, unless context is system');
  if (account === SYSTEM_CUSTOMER) throw refused('accountId', `${SYSTEM_CUSTOMER} stands for the platform's own use; set context to system instead`);
  return account;
}

const refused = (field: string, reason: string): ProblemError => new ProblemError(422, 'validation_failed', 'The request has 1 bad field.', [{ field, reason }]);

import { Inject, Injectable } from '@nestjs/common';
import { type NativeUsage, type UsageView } from '@ledgerline/domain-dialects';
import { ProblemError, RateLimits } from '@ledgerline/service-kit';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { KeyReusedError, KeysUnavailableError } from '../application/keyed-requests.js';
import { RecordUsage, UsageRefusedError, UsageUnknownError } from '../application/record-usage.js';
import { USAGE_LOG, type UsageLog } from '../application/usage-log.js';
import { idempotencyKey } from './idempotency-key.js';
import { readUsageEvent } from './read-usage-event.js';

const LATER = { 'retry-after': '1' };

/** What the controllers of all dialects do with a usage once they have read it. */
@Injectable()
export class TakeUsage {
  constructor(
    @Inject(RecordUsage) private readonly recordUsage: RecordUsage,
    @Inject(USAGE_LOG) private readonly log: UsageLog,
    @Inject(RateLimits) private readonly limits: RateLimits,
  ) {}

  /** To be asked before a body is read. @throws ProblemError 503 */
  demandLog(): void {
    if (!this.log.available) throw new ProblemError(503, 'log_unavailable', 'The event log cannot be reached; nothing was taken.', undefined, LATER);
  }

  /**
   * @param names what the dialect calls a field of the native event
   * @throws ProblemError 422 naming the field, 429, 503
   */
  async take(event: NativeUsage, names: Readonly<Record<string, string>>, request: FastifyRequest, reply: FastifyReply): Promise<UsageView> {
    const { principal } = request;
    await this.limits.takeEvents(principal, 1, reply);
    const usage = { event, read: readUsageEvent, idempotencyKey: idempotencyKey(request), apiKeyId: principal.keyId, customerId: principal.customerId, traceparent: request.trace?.traceparent };
    return this.recordUsage.record(usage).catch((error: unknown) => explain(error, names));
  }
}

function explain(error: unknown, names: Readonly<Record<string, string>>): never {
  if (error instanceof UsageRefusedError) throw new ProblemError(422, 'validation_failed', 'The request has 1 bad field.', [{ field: names[error.field] ?? error.field, reason: error.reason }]);
  if (error instanceof UsageUnknownError) {
    throw new ProblemError(503, 'event_unknown', `It is not known whether the usage is stored: ${error.reason}. Send it again with the same Idempotency-Key.`, undefined, LATER);
  }
  if (error instanceof KeyReusedError) throw new ProblemError(422, 'idempotency_key_reused', error.message, [{ field: 'Idempotency-Key', reason: 'was used before for another request' }]);
  if (error instanceof KeysUnavailableError) {
    throw Object.assign(new ProblemError(503, 'keys_unavailable', 'It cannot be looked up at the moment whether the Idempotency-Key was used before; nothing was taken.', undefined, LATER), { cause: error });
  }
  throw error;
}

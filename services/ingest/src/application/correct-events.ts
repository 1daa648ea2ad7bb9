import { type Correction, type CorrectionKind, encodeCorrectionEnvelope, partitionOf, usageIdBytes, usageIdText } from '@ledgerline/contracts';
import { writeUsageId } from '@ledgerline/domain-metering';
import { type Clock, type SipKey } from '@ledgerline/kernel';
import { type Caller, NotOnRecordError, type RecordedEvents } from './recorded-events.js';
import { type UsageLog } from './usage-log.js';

/** Source in the identity of a credit; pricing computes the same. */
const CREDIT_SOURCE = 'credit';

/** What a caller wants of an event. Texts: '' is absent. */
export interface CorrectionRequest {
  readonly kind: Extract<CorrectionKind, 'adjust' | 'refund' | 'void'>;
  readonly correctionId: string;
  readonly reason: string;
  readonly usage: ReadonlyMap<number, bigint> | null;
  readonly costUsd: string;
  readonly status: 'ok' | 'error' | null;
  readonly replacedBy: string;
  /** '': whoever's event it is. Needed to wait for an event that is not recorded yet. */
  readonly customerId: string;
  readonly awaitsOriginal: boolean;
}

export interface CreditRequest {
  readonly customerId: string;
  readonly creditId: string;
  readonly amountUsd: string;
  readonly reason: string;
  readonly occurredAtUs: number;
  readonly provider: string;
  readonly model: string;
}

/** The event does not count, so there is nothing to correct. */
export class NotCorrectableError extends Error {
  constructor(
    readonly code: 'already_void' | 'not_counted',
    detail: string,
  ) {
    super(detail);
    this.name = 'NotCorrectableError';
  }
}

/** The log did not take it; `reason` says whether it may be stored all the same. */
export class NotStoredError extends Error {
  constructor(readonly reason: string) {
    super(reason);
    this.name = 'NotStoredError';
  }
}

const NOTHING = { usage: null, costUsd: '', status: null, replacedBy: null, occurredAtUs: 0, provider: '', model: '', heldSequence: 0, heldIndex: 0, awaitsOriginal: false } as const;

/**
 * Takes corrections into the log, each into the partition of its original. What is asked of the record before is a courtesy to the caller:
 * pricing decides, in the order of the partition.
 */
export class CorrectEvents {
  constructor(
    private readonly key: SipKey,
    private readonly generation: number,
    private readonly partitions: number,
    private readonly log: UsageLog,
    private readonly recorded: RecordedEvents,
    private readonly clock: Clock,
  ) {}

  /** @throws NotOnRecordError, NotCorrectableError, RecordUnavailableError, ReadingForbiddenError, NotStoredError */
  async correct(usageId: string, request: CorrectionRequest, keyId: string, caller: Caller, traceparent?: string): Promise<void> {
    const customerId = await this.customerOf(usageId, request, caller);
    const { kind, correctionId, reason, usage, costUsd, status, awaitsOriginal } = request;
    const replacedBy = request.replacedBy === '' ? null : usageIdBytes(request.replacedBy);
    const stated = { kind, correctionId, reason, usage, costUsd, status, awaitsOriginal, replacedBy, customerId };
    await this.store({ ...NOTHING, ...stated, usageId: usageIdBytes(usageId)!, requestedBy: keyId, requestedAtUs: this.nowUs() }, traceparent);
  }

  /** @returns the credit's usage_id. @throws NotStoredError */
  async credit({ creditId, amountUsd, ...request }: CreditRequest, keyId: string, traceparent?: string): Promise<string> {
    const usageId = new Uint8Array(16);
    writeUsageId(this.key, request.customerId, CREDIT_SOURCE, creditId, usageId);
    const correction: Correction = { ...NOTHING, ...request, kind: 'credit', usageId, correctionId: creditId, costUsd: amountUsd, requestedBy: keyId, requestedAtUs: this.nowUs() };
    await this.store(correction, traceparent);
    return usageIdText(usageId);
  }

  private async customerOf(usageId: string, request: CorrectionRequest, caller: Caller): Promise<string> {
    const found = await this.recorded.find(usageId, caller).catch((error: unknown) => {
      if (error instanceof NotOnRecordError && !error.forgotten && request.awaitsOriginal) return null;
      throw error;
    });
    if (found === null) return request.customerId;
    if (request.customerId !== '' && request.customerId !== found.customerId) throw new NotOnRecordError(false, `There is no event ${usageId} of this customer.`);
    if (found.state === 'voided') await this.allowRepetition(usageId, request, caller);
    else if (found.state !== 'priced' && found.state !== 'unpriced' && !request.awaitsOriginal) {
      throw new NotCorrectableError('not_counted', `The event is ${found.state} and counts nothing; see GET /v1/quarantine.`);
    }
    return found.customerId;
  }

  /** The very correction that voided the event may come again: its first answer may have been lost. */
  private async allowRepetition(usageId: string, { correctionId }: CorrectionRequest, caller: Caller): Promise<void> {
    const before = await this.recorded.correction(usageId, correctionId, caller);
    if (before === null) throw new NotCorrectableError('already_void', 'The event was voided before; its history says by whom.');
  }

  private async store(correction: Correction, traceparent: string | undefined): Promise<void> {
    const partition = partitionOf(correction.usageId, 0, this.partitions);
    const bytes = encodeCorrectionEnvelope({ generation: this.generation, partition, corrections: [correction] });
    const outcome = await this.log.appendCorrection(partition, bytes, traceparent);
    if (!outcome.stored) throw new NotStoredError(outcome.reason);
  }

  private nowUs(): number {
    return this.clock.nowMs() * 1000;
  }
}

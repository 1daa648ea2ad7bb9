import { createHash, randomUUID } from 'node:crypto';
import { QUANTITIES, type UsageRow } from '@ledgerline/contracts';
import { type NativeUsage, type UsageView, viewOf } from '@ledgerline/domain-dialects';
import { priceEvent, type PriceBook } from '@ledgerline/domain-pricing';
import { type Clock, formatUsd } from '@ledgerline/kernel';
import { type KeyedRequests } from './keyed-requests.js';
import { type EventReader, type RecordEvents, type RecordRequest } from './record-events.js';

/** The usage is not one. `field` as the native event calls it. */
export class UsageRefusedError extends Error {
  constructor(
    readonly field: string,
    readonly reason: string,
  ) {
    super(`${field} ${reason}`);
    this.name = 'UsageRefusedError';
  }
}

/** It is not known whether the usage is stored. */
export class UsageUnknownError extends Error {
  constructor(readonly reason: string) {
    super(reason);
    this.name = 'UsageUnknownError';
  }
}

export interface UsageRequest {
  readonly event: NativeUsage;
  readonly read: EventReader;
  readonly idempotencyKey: string | undefined;
  readonly apiKeyId: string;
  /** The only customer whose usage is taken; null: any customer's. */
  readonly customerId: string | null;
  readonly traceparent: string | undefined;
}

/** Records one usage that was sent in a dialect, and tells it as it will be read, with the cost that pricing will find. */
export class RecordUsage {
  constructor(
    private readonly events: RecordEvents,
    private readonly keyed: KeyedRequests,
    private readonly book: PriceBook,
    private readonly clock: Clock,
  ) {}

  /** @throws UsageRefusedError, UsageUnknownError, KeyReusedError, KeysUnavailableError */
  async record({ event, read, idempotencyKey: key, apiKeyId, customerId, traceparent }: UsageRequest): Promise<UsageView> {
    const id = key ?? randomUUID();
    let costUsd: string | null = null;
    let occurredAtUs = 0;
    const request: RecordRequest = {
      events: [{ ...event, id }],
      read: (one, row, nowUs) => {
        const rejection = read(one, row, nowUs);
        if (rejection !== null) return rejection;
        costUsd = this.estimate(row);
        occurredAtUs = row.occurredAtUs;
        return null;
      },
      apiKeyId,
      customerId,
      idOf: () => id,
      backfill: false,
      traceparent,
    };
    const firstUs = key === undefined ? this.nowUs() : await this.firstTimeUs(event, key, request);
    const [result] = await this.events.record({ ...request, events: [{ ...event, id, occurred_at: event.occurred_at ?? isoOf(firstUs) }] });
    if (result!.status === 'rejected') throw new UsageRefusedError(result!.field, result!.reason);
    if (result!.status === 'unknown') throw new UsageUnknownError(result!.reason);
    return viewOf(event, result!.usageId, costUsd, isoOf(occurredAtUs));
  }

  /** When the request with this key came first. What will not be recorded, another customer's above all, uses up no key. */
  private async firstTimeUs(event: NativeUsage, key: string, request: RecordRequest): Promise<number> {
    const rejection = this.events.check(request);
    if (rejection !== null) throw new UsageRefusedError(rejection.field, rejection.reason);
    const digest = createHash('sha256').update(JSON.stringify(event)).digest('base64url');
    return this.keyed.firstTimeUs({ customerId: event.customer_id, source: event.source, key }, digest, this.nowUs());
  }

  private nowUs(): number {
    return this.clock.nowMs() * 1000;
  }

  /** What a row will probably cost, by the function that prices it later; decimal text, null: there is no price for it. */
  private estimate({ provider, model, occurredAtUs, clientCost, usageMask, counts, nanos }: UsageRow): string | null {
    const quantities = QUANTITIES.flatMap(({ decimal }, index) => ((usageMask & (1 << index)) === 0 ? [] : [[index, decimal ? nanos[index]! : counts[index]!] as const]));
    const cost = priceEvent(this.book, { provider, model, occurredAtUs, clientCost, quantities });
    return cost === null ? null : formatUsd(cost);
  }
}

/** RFC 3339 in UTC, to the microsecond. */
function isoOf(timeUs: number): string {
  const toTheMs = new Date(Math.floor(timeUs / 1000)).toISOString().slice(0, -1);
  return `${toTheMs}${String(timeUs % 1000).padStart(3, '0')}Z`;
}

import { partitionOf, usageIdText, UsageRow } from '@ledgerline/contracts';
import { maskKeys, writeUsageId } from '@ledgerline/domain-metering';
import { type Clock, type SipKey } from '@ledgerline/kernel';
import { type KnownCustomers } from './known-customers.js';
import { type OpenEnvelope, type PartitionWriter } from './partition-writer.js';

/** Why an event was not taken. `field` is a path such as `usage.input_tokens`; '' is the event itself. */
export interface Rejection {
  readonly field: string;
  readonly reason: string;
}

/** Fills `row` from one event as its dialect sends it, or says why it cannot. */
export type EventReader = (event: unknown, row: UsageRow, nowUs: number) => Rejection | null;

/** What became of one event of a request. */
export type EventResult =
  | { readonly status: 'accepted'; readonly usageId: string }
  | { readonly status: 'rejected'; readonly field: string; readonly reason: string }
  | { readonly status: 'unknown'; readonly usageId: string; readonly id: string; readonly reason: string };

export interface RecordRequest {
  readonly events: readonly unknown[];
  readonly read: EventReader;
  readonly apiKeyId: string;
  /** The only customer whose events are taken; null: any customer's. */
  readonly customerId: string | null;
  /** Id of event n that brings none of its own. */
  readonly idOf: (index: number) => string;
  readonly backfill: boolean;
  readonly traceparent: string | undefined;
}

const CUSTOMER_FOREIGN: Rejection = { field: 'customer_id', reason: 'must be the customer that the API key belongs to' };
const CUSTOMER_UNKNOWN: Rejection = { field: 'customer_id', reason: 'names a customer that does not exist' };

/**
 * Takes a request's events into the log: each is checked, given its usage_id and put into its partition's
 * envelope. Resolves when every envelope is acknowledged or given up; one bad event never costs the others.
 */
export class RecordEvents {
  private readonly row = new UsageRow();
  private readonly usageId = new Uint8Array(16);

  constructor(
    private readonly key: SipKey,
    private readonly writers: readonly PartitionWriter[],
    private readonly customers: KnownCustomers,
    private readonly clock: Clock,
    /** Keyed hash of an API key that an event names. */
    private readonly hashKey: (key: string) => string,
  ) {}

  /** Not `async`: what was parsed is garbage as soon as this returns, not only when the broker has answered. */
  record(request: RecordRequest): Promise<EventResult[]> {
    const { events } = request;
    const nowUs = this.clock.nowMs() * 1000;
    const results = new Array<EventResult>(events.length);
    const envelopes = new Array<OpenEnvelope | undefined>(events.length);
    const ids = new Array<string>(events.length);
    for (let i = 0; i < events.length; i++) {
      const rejection = this.fill(request, i, nowUs);
      if (rejection) {
        results[i] = { status: 'rejected', ...rejection };
        continue;
      }
      const { row, usageId } = this;
      writeUsageId(this.key, row.customer, row.source, row.id, usageId);
      envelopes[i] = this.writers[partitionOf(usageId, 0, this.writers.length)]!.append(row, usageId, request.traceparent);
      results[i] = { status: 'accepted', usageId: usageIdText(usageId) };
      ids[i] = row.id;
    }
    return this.confirm(results, envelopes, ids);
  }

  /** Why the first event of a request will not be taken, or null. Nothing is stored. */
  check(request: RecordRequest): Rejection | null {
    return this.fill(request, 0, this.clock.nowMs() * 1000);
  }

  private fill(request: RecordRequest, index: number, nowUs: number): Rejection | null {
    const { row } = this;
    const rejection = request.read(request.events[index], row, nowUs);
    if (rejection) return rejection;
    if (request.customerId !== null && row.customer !== request.customerId) return CUSTOMER_FOREIGN;
    if (!this.customers.has(row.customer)) return CUSTOMER_UNKNOWN;
    if (row.id === '') row.id = request.idOf(index);
    row.tags = maskKeys(row.tags, this.hashKey);
    row.requestMetadata = maskKeys(row.requestMetadata, this.hashKey);
    row.responseMetadata = maskKeys(row.responseMetadata, this.hashKey);
    row.apiKey = request.apiKeyId;
    row.backfill = request.backfill ? 1 : 0;
    return null;
  }

  private async confirm(results: EventResult[], envelopes: readonly (OpenEnvelope | undefined)[], ids: readonly string[]): Promise<EventResult[]> {
    const failed = new Map<OpenEnvelope, string>();
    for (const envelope of new Set(envelopes)) {
      const outcome = await envelope?.outcome;
      if (envelope && outcome && !outcome.stored) failed.set(envelope, outcome.reason);
    }
    if (failed.size === 0) return results;
    for (let i = 0; i < results.length; i++) {
      const reason = failed.get(envelopes[i]!);
      const result = results[i]!;
      if (reason !== undefined && result.status === 'accepted') {
        results[i] = { status: 'unknown', usageId: result.usageId, id: ids[i]!, reason };
      }
    }
    return results;
  }
}

import { type Correction, encodeCorrectionEnvelope, type HeldPosition, heldItemId, usageIdBytes } from '@ledgerline/contracts';
import { type Clock } from '@ledgerline/kernel';
import { type HeldItem, type HeldItems } from './held-items.js';
import { type EventReader, type EventResult, type RecordEvents } from './record-events.js';
import { type Caller } from './recorded-events.js';
import { type UsageLog } from './usage-log.js';

/** Why an item stays as it is. */
export type Refusal = 'unknown_item' | 'not_replayable' | 'already_released' | 'already_discarded' | 'past_generation';

export class ItemRefusedError extends Error {
  constructor(
    readonly code: Refusal,
    detail: string,
  ) {
    super(detail);
    this.name = 'ItemRefusedError';
  }
}

/** The resolution is not known to be stored. Asking for the same again is safe: what was done is not done twice. */
export class ResolutionUnknownError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'ResolutionUnknownError';
  }
}

/** Who asks, for which item. */
export interface ItemRequest {
  readonly position: HeldPosition;
  readonly caller: Caller;
  readonly keyId: string;
  readonly traceparent: string | undefined;
}

export interface ReplayRequest extends ItemRequest {
  /** The event as it should have been; undefined: as it came. What it leaves out of the identity and time stays. */
  readonly corrected: unknown;
  readonly read: EventReader;
  /** Old events are meant; of a late item they always are. */
  readonly backfill: boolean;
}

/** What an event that is sent again keeps unless told otherwise: who it is, and when it happened. */
const KEPT = ['id', 'source', 'customer_id', 'occurred_at'] as const;
const NO_USAGE_ID = new Uint8Array(16);

/**
 * Resolves what was held back: sends it again as an event, or gives it up.
 *
 * The event goes first, its release second. Should this end in between, the item stays open, and whoever sends it again sends the same
 * event, which is counted once, and then the release.
 */
export class ResolveHeldItem {
  constructor(
    private readonly items: HeldItems,
    private readonly events: RecordEvents,
    private readonly log: UsageLog,
    private readonly clock: Clock,
    private readonly generation: number,
  ) {}

  /** Returns what became of the event. @throws ItemRefusedError, ResolutionUnknownError, RecordUnavailableError */
  async replay(request: ReplayRequest): Promise<EventResult> {
    const { position, corrected, read, keyId, traceparent } = request;
    const id = heldItemId(position);
    const item = await this.openItem(request, 'release');
    if (item.state === 'released') return { status: 'accepted', usageId: item.replayedAs ?? item.usageId ?? '' };
    if (!item.isEvent) throw new ItemRefusedError('not_replayable', `${id} is no event that could be read; it can only be discarded.`);
    const [result] = await this.events.record({
      events: [corrected === undefined ? item.event : keptIn(item.event, corrected)],
      read,
      apiKeyId: keyId,
      // Whoever acts on what was held back is the operator.
      customerId: null,
      idOf: () => id,
      backfill: request.backfill || item.outcome === 'late',
      traceparent,
    });
    if (result!.status === 'accepted') await this.resolve(request, item, 'release', { reason: '', replacedBy: usageIdBytes(result!.usageId) });
    return result!;
  }

  /** @throws ItemRefusedError, ResolutionUnknownError, RecordUnavailableError */
  async discard(request: ItemRequest & { readonly reason: string }): Promise<void> {
    const item = await this.openItem(request, 'discard');
    if (item.state === 'open') await this.resolve(request, item, 'discard', { reason: request.reason, replacedBy: null });
  }

  /** The item, open or resolved in the very way that is asked for. */
  private async openItem({ position, caller }: ItemRequest, action: 'release' | 'discard'): Promise<HeldItem> {
    const id = heldItemId(position);
    const item = await this.items.find(id, caller);
    if (item === null) throw new ItemRefusedError('unknown_item', `Nothing was held back as ${id}.`);
    if (item.state === 'released' && action === 'discard') throw new ItemRefusedError('already_released', `${id} was sent again already; void the event instead.`);
    if (item.state === 'discarded' && action === 'release') throw new ItemRefusedError('already_discarded', `${id} was discarded already; send its event as a new one.`);
    if (item.state === 'open' && position.generation !== this.generation) {
      throw new ItemRefusedError('past_generation', `${id} lies in generation ${position.generation}, which is closed; events are taken in generation ${this.generation}.`);
    }
    return item;
  }

  private async resolve({ position, keyId, traceparent }: ItemRequest, item: HeldItem, kind: 'release' | 'discard', more: Pick<Correction, 'reason' | 'replacedBy'>): Promise<void> {
    const { generation, partition, sequence, index } = position;
    const resolution: Correction = {
      usageId: (item.usageId !== null && usageIdBytes(item.usageId)) || NO_USAGE_ID,
      correctionId: `${heldItemId(position)}:${kind}`,
      kind,
      customerId: item.customerId,
      requestedBy: keyId,
      requestedAtUs: this.clock.nowMs() * 1000,
      usage: null,
      costUsd: '',
      status: null,
      occurredAtUs: 0,
      provider: '',
      model: '',
      heldSequence: sequence,
      heldIndex: index,
      awaitsOriginal: false,
      ...more,
    };
    const stored = await this.log.appendCorrection(partition, encodeCorrectionEnvelope({ generation, partition, corrections: [resolution] }), traceparent);
    if (!stored.stored) throw new ResolutionUnknownError(stored.reason);
  }
}

/** A corrected event with what it did not say of who it is and when it happened. Anything but an object is judged by the reader of events. */
function keptIn(event: HeldItem['event'], corrected: unknown): unknown {
  if (typeof corrected !== 'object' || corrected === null || Array.isArray(corrected)) return corrected;
  const given = corrected as Record<string, unknown>;
  return { ...given, ...Object.fromEntries(KEPT.map((field) => [field, given[field] ?? event[field]])) };
}

import { describe, expect, it } from '@jest/globals';
import { type Correction, decodeCorrectionEnvelope, decodeUsageEnvelope, heldItemId, type UsageColumns, usageIdText } from '@ledgerline/contracts';
import { usageIdKey } from '@ledgerline/domain-metering';
import { readUsageEvent } from '../http/read-usage-event.js';
import { type HeldItem } from './held-items.js';
import { everybody } from './known-customers.js';
import { PartitionWriter } from './partition-writer.js';
import { RecordEvents } from './record-events.js';
import { ItemRefusedError, ResolutionUnknownError, ResolveHeldItem } from './resolve-held-item.js';
import { SendTurns } from './send-turns.js';
import { type Stored } from './usage-log.js';

const position = { generation: 1, partition: 0, sequence: 42, index: 3 };
const clock = { nowMs: () => Date.UTC(2026, 10, 22) };
const usageId = '00000000-0000-0000-0000-00000000002a';
const stored = { id: 'req-1', source: 'gateway', customer_id: 'acme', provider: 'openai', model: 'gpt-4o', usage: { input_tokens: 7 }, occurred_at: '2026-11-20T10:00:00.000001Z' };
const open: HeldItem = { state: 'open', outcome: 'quarantined', isEvent: true, usageId, customerId: 'acme', event: stored, replayedAs: null };

/** The use case over logs in memory. */
function world(item: HeldItem | null = open) {
  const events: UsageColumns[] = [];
  const resolutions: Correction[] = [];
  const trouble = { log: '', resolutions: '' };
  const outcome = (problem: string): Stored => (problem === '' ? { stored: true } : { stored: false, reason: problem });
  const log = {
    available: true,
    append: async (_partition: number, envelope: Uint8Array): Promise<Stored> => {
      if (trouble.log === '') events.push(decodeUsageEnvelope(envelope.slice()));
      return outcome(trouble.log);
    },
    appendCorrection: async (_partition: number, envelope: Uint8Array): Promise<Stored> => {
      if (trouble.resolutions === '') resolutions.push(...decodeCorrectionEnvelope(envelope).corrections);
      return outcome(trouble.resolutions);
    },
  };
  const writer = new PartitionWriter(1, 0, log, { maxEvents: 16, flushBytes: 65_536 }, new SendTurns(0));
  const record = new RecordEvents(usageIdKey('000102030405060708090a0b0c0d0e0f'), [writer], everybody, clock, () => '');
  const resolve = new ResolveHeldItem({ find: async () => item }, record, log, clock, 1);
  const who = { position, caller: { headers: {} }, keyId: 'k-1', traceparent: undefined };
  return {
    events,
    resolutions,
    trouble,
    replay: (corrected?: unknown, backfill = false) => resolve.replay({ ...who, corrected, read: readUsageEvent, backfill }),
    discard: (reason = 'a test') => resolve.discard({ ...who, reason }),
  };
}

const shown = (usage: UsageColumns) => ({
  id: usage.ids[0],
  source: usage.dictionary[usage.source[0]!],
  customer: usage.dictionary[usage.customer[0]!],
  model: usage.dictionary[usage.model[0]!],
  occurredAtUs: usage.occurredAtUs[0],
  backfill: usage.backfill[0],
});
const asItCame = { id: 'req-1', source: 'gateway', customer: 'acme', model: 'gpt-4o', occurredAtUs: Date.UTC(2026, 10, 20, 10) * 1000 + 1, backfill: 0 };

describe('replaying what was held back', () => {
  it('sends the event as it came, and then says so under a name that a repeat shares', async () => {
    const { replay, events, resolutions } = world();
    const result = await replay();
    expect(events.map(shown)).toEqual([asItCame]);
    expect(result).toEqual({ status: 'accepted', usageId: usageIdText(events[0]!.usageIds, 0) });
    expect(resolutions).toMatchObject([
      { kind: 'release', correctionId: 'g1-p0-42-3:release', heldSequence: 42, heldIndex: 3, customerId: 'acme', requestedBy: 'k-1', requestedAtUs: clock.nowMs() * 1000, replacedBy: events[0]!.usageIds.slice(0, 16) },
    ]);
    expect(usageIdText(resolutions[0]!.usageId, 0)).toBe(usageId);
  });

  it('sends a corrected event, which keeps identity and time unless it says otherwise', async () => {
    const { replay, events } = world();
    const { id: _id, source: _source, customer_id: _customer, occurred_at: _time, ...rest } = stored;
    await replay({ ...rest, model: 'gpt-4', id: null });
    await replay({ ...rest, id: 'req-2', customer_id: 'zeta' });
    expect(events.map(shown)).toEqual([
      { ...asItCame, model: 'gpt-4' },
      { ...asItCame, id: 'req-2', customer: 'zeta' },
    ]);
  });

  it('declares a late event as meant, and another when told so', async () => {
    const late = world({ ...open, outcome: 'late' });
    await late.replay();
    const quarantined = world();
    await quarantined.replay(undefined, true);
    expect([late, quarantined].map(({ events }) => shown(events[0]!).backfill)).toEqual([1, 1]);
  });

  it('leaves the item open when it ends between the event and its release; the same again is the same event, and the release', async () => {
    const { replay, events, resolutions, trouble } = world();
    trouble.resolutions = 'the log did not answer';
    await expect(replay()).rejects.toThrow(ResolutionUnknownError);
    expect([events.length, resolutions.length]).toEqual([1, 0]);
    trouble.resolutions = '';
    await replay();
    expect(events.map(shown)).toEqual([asItCame, asItCame]);
    expect(usageIdText(events[1]!.usageIds, 0)).toBe(usageIdText(events[0]!.usageIds, 0));
    expect(resolutions).toHaveLength(1);
  });

  it('never says that an event was sent which the log did not take, or which is none', async () => {
    const refused = world();
    refused.trouble.log = 'the log is full';
    expect(await refused.replay()).toMatchObject({ status: 'unknown', reason: 'the log is full' });
    expect(await refused.replay({ ...stored, usage: { input_tokens: -1 } })).toMatchObject({ status: 'rejected', field: 'usage.input_tokens' });
    expect(await refused.replay('text')).toMatchObject({ status: 'rejected', field: '' });
    expect(refused.resolutions).toEqual([]);
  });

  it('is done once: what was released answers with its event, and nothing is sent', async () => {
    const { replay, events, resolutions } = world({ ...open, state: 'released', replayedAs: usageId });
    expect(await replay()).toEqual({ status: 'accepted', usageId });
    expect([events, resolutions]).toEqual([[], []]);
  });
});

describe('discarding what was held back', () => {
  it('records who and why, also of what has no event and no address', async () => {
    const { discard, resolutions } = world({ ...open, isEvent: false, usageId: null, customerId: '', event: {} });
    await discard('garbage');
    expect(resolutions).toMatchObject([{ kind: 'discard', correctionId: `${heldItemId(position)}:discard`, reason: 'garbage', requestedBy: 'k-1', usageId: new Uint8Array(16), replacedBy: null }]);
  });

  it('is done once', async () => {
    const { discard, resolutions } = world({ ...open, state: 'discarded' });
    await discard();
    expect(resolutions).toEqual([]);
  });
});

describe('an item stays as it is', () => {
  const refusal = (work: Promise<unknown>) => work.then(() => 'done', (error: unknown) => (error as ItemRefusedError).code);

  it('when it is not there, cannot be sent, was resolved the other way, or lies in a closed generation', async () => {
    expect(await refusal(world(null).replay())).toBe('unknown_item');
    expect(await refusal(world({ ...open, isEvent: false }).replay())).toBe('not_replayable');
    expect(await refusal(world({ ...open, state: 'discarded' }).replay())).toBe('already_discarded');
    expect(await refusal(world({ ...open, state: 'released' }).discard())).toBe('already_released');
    const { resolutions, events } = world();
    const past = new ResolveHeldItem({ find: async () => open }, undefined as never, undefined as never, clock, 2);
    expect(await refusal(past.discard({ position, caller: { headers: {} }, keyId: '', traceparent: undefined, reason: 'r' }))).toBe('past_generation');
    expect([resolutions, events]).toEqual([[], []]);
  });
});

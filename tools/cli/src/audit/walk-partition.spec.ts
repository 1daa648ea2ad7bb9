import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Outcome, partitionOf, usageIdText, usageSubject } from '@ledgerline/contracts';
import { usageIdKey, writeUsageId } from '@ledgerline/domain-metering';
import { build, differenceOf, type Event, log, priced, walk } from '../../test/log.js';
import { NAMED_SUMS, noSums, type Sums } from './sums.js';
import { type Walk } from './walk-partition.js';

describe('walking a partition', () => {
  it('adds up exactly what counts, past the integers a double holds', async () => {
    await fc.assert(
      fc.asyncProperty(log, async (given) => {
        const result = await walk(build(given));
        if (!result.ok) throw new Error(JSON.stringify(result.difference));
        const all = given.messages.flat();
        const counted = all.filter(({ outcome }) => outcome === Outcome.priced || outcome === Outcome.unpriced);
        const expected: Sums = noSums();
        for (const { outcome, cost, tokens, seconds } of counted) {
          expected.events++;
          if (outcome === Outcome.unpriced) expected.unpriced++;
          else expected.costPicoUsd += cost;
          expected.quantities[0]! += BigInt(tokens);
          expected.quantities[11]! += seconds;
        }
        for (const { of } of NAMED_SUMS) expect(of(result.ledger.counted)).toBe(of(expected));
        expect(result.ledger.usageEvents).toBe(BigInt(all.length));
        expect([result.ledger.rows, result.ledger.originals]).toEqual([BigInt(counted.length), BigInt(counted.length)]);
      }),
      { numRuns: 50 },
    );
  });

  it('sees any PRICED envelope that is missing, and any that was never there at the cut', async () => {
    await fc.assert(
      fc.asyncProperty(log, fc.nat(), async (given, at) => {
        const streams = build(given);
        const without = streams.priced.filter((_, index) => index !== at % streams.priced.length);
        const renumbered = without.map((message, index) => ({ ...message, sequence: index + 1 }));
        expect(await differenceOf({ ...streams, priced: without }, { cut: streams.priced.length })).toMatch(/^PRICED stream: (sequence|last sequence up to the cut)$/);
        if (at % streams.priced.length < without.length) expect(await differenceOf({ ...streams, priced: renumbered })).toBe('PRICED chain: previous_source_to');
      }),
      { numRuns: 50 },
    );
  });

  it('sees a USAGE message that is not the one PRICED decided on', async () => {
    const streams = build({ messages: [[{ id: new Uint8Array(16), customer: 'acme', tokens: 1, seconds: 0n, occurredAtUs: 1e15, outcome: 1, cost: 1n }]], runs: [1] });
    const [message] = streams.usage;
    const altered = { ...message!, data: message!.data.map((byte, index) => (index === message!.data.length - 1 ? byte ^ 1 : byte)) };
    expect(await differenceOf({ ...streams, usage: [altered] })).toBe('USAGE message kept in PRICED: bytes');
    expect(await differenceOf({ ...streams, usage: [] }, { usageFirst: 1 })).toBe('USAGE stream: sequence');
  });

  it('sees a counted event in a partition that its usage_id does not name', async () => {
    const id = Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    expect(partitionOf(id, 0, 4)).toBe(1);
    const streams = build({ messages: [[{ id, customer: 'acme', tokens: 1, seconds: 0n, occurredAtUs: 1e15, outcome: 1, cost: 1n }]], runs: [1] });
    const result = await walk(streams, { partitions: 4 });
    expect(result).toMatchObject({ ok: false, difference: { what: 'Counted event', where: 'partition 0, USAGE sequence 1, event 0', expected: '1', found: '0' } });
  });

  it('sees a counted event whose usage_id does not follow from its identity', async () => {
    const key = usageIdKey('00112233445566778899aabbccddeeff');
    const id = new Uint8Array(16);
    writeUsageId(key, 'acme', 's', 'x', id);
    const event = { id, customer: 'acme', tokens: 1, seconds: 0n, occurredAtUs: 1e15, outcome: 1, cost: 1n };
    const walkOf = (event: Event): Promise<Walk> => {
      return walk(build({ messages: [[event]], runs: [1] }), { key });
    };
    expect((await walkOf(event)).ok).toBe(true);
    expect(await walkOf({ ...event, customer: 'zeta' })).toMatchObject({ ok: false, difference: { what: 'Counted event', field: 'usage_id', found: usageIdText(id) } });
  });

  it('counts a message that no one can read as one quarantined item', async () => {
    const message = { sequence: 1, timestampUs: 5, subject: usageSubject(1, 0), data: Uint8Array.of(255, 255) };
    const outcome = { sourceSequence: 1, recordedAtUs: 5, usage: message.data, undecodable: true, outcomes: Uint8Array.of(Outcome.quarantined), costs: new Uint8Array(16), reasons: [] };
    const result = await walk({ usage: [message], priced: [priced([outcome], 1, 0)] });
    expect(result).toMatchObject({ ok: true, ledger: { usageEvents: 1n, counted: { events: 0n } } });
    expect(await differenceOf({ usage: [message], priced: [priced([{ ...outcome, undecodable: false }], 1, 0)] })).toBe('USAGE message: undecodable');
  });
});

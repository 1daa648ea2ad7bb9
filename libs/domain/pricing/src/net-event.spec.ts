import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CorrectionTarget, decideCorrection, type NetEvent, type PriceUsage } from './net-event.js';

const usages = fc.uniqueArray(fc.tuple(fc.nat(3), fc.bigInt({ min: 0n, max: 1_000n })), { selector: ([quantity]) => quantity }).map((entries) => new Map(entries));
const events: fc.Arbitrary<NetEvent> = fc.record({
  version: fc.nat(5),
  voided: fc.constant(false),
  credit: fc.constant(false),
  usage: usages,
  costPico: fc.option(fc.bigInt({ min: 0n, max: 1_000_000n })),
  status: fc.constantFrom('ok', 'error'),
  priceBookVersion: fc.constantFrom('', 'b1'),
});
const targets: fc.Arbitrary<CorrectionTarget> = fc.record({
  kind: fc.constantFrom('adjust', 'refund', 'void', 'reprice'),
  usage: fc.option(usages),
  costPico: fc.option(fc.bigInt({ min: 0n, max: 1_000_000n })),
  status: fc.option(fc.constantFrom('ok', 'error')),
});
/** Three units of money a unit; quantity 3 has no price. */
const price: PriceUsage = (usage) => ({
  costPico: usage.has(3) ? null : [...usage.values()].reduce((sum, amount) => sum + 3n * amount, 0n),
  priceBookVersion: 'b2',
});
const event: NetEvent = { version: 0, voided: false, credit: false, usage: new Map([[0, 10n]]), costPico: 30n, status: 'ok', priceBookVersion: 'b1' };
const target = (of: Partial<CorrectionTarget>): CorrectionTarget => ({ kind: 'adjust', usage: null, costPico: null, status: null, ...of });

describe('a correction', () => {
  it('states what the event should be: the same once more changes nothing', () => {
    fc.assert(
      fc.property(events, targets, (before, wanted) => {
        const first = decideCorrection(wanted, before, price);
        if ('refused' in first) return;
        const second = decideCorrection(wanted, first.next, price);
        expect(second).toEqual(wanted.kind === 'void' ? { refused: expect.objectContaining({ code: 'already_void' }) } : { next: first.next });
      }),
    );
  });

  it('raises the version by one when it changes anything, and only then', () => {
    fc.assert(
      fc.property(events, targets, (before, wanted) => {
        const decision = decideCorrection(wanted, before, price);
        if ('refused' in decision) return;
        const { version, priceBookVersion, ...rest } = decision.next;
        const { version: versionBefore, priceBookVersion: bookBefore, ...restBefore } = before;
        const same = JSON.stringify(rest, text) === JSON.stringify(restBefore, text);
        expect(version - versionBefore).toBe(same ? 0 : 1);
        if (same) expect(priceBookVersion).toBe(bookBefore);
      }),
    );
  });

  it('prices new quantities, unless their cost is stated', () => {
    const usage = new Map([[0, 4n]]);
    expect(decideCorrection(target({ usage }), event, price)).toEqual({ next: { ...event, version: 1, usage, costPico: 12n, priceBookVersion: 'b2' } });
    expect(decideCorrection(target({ usage, costPico: 5n }), event, price)).toEqual({ next: { ...event, version: 1, usage, costPico: 5n, priceBookVersion: '' } });
  });

  it('leaves an event unpriced when its new quantities have no price', () => {
    const usage = new Map([[3, 1n]]);
    expect(decideCorrection(target({ usage }), event, price)).toMatchObject({ next: { costPico: null } });
  });

  it('keeps the cost when only the status is wrong', () => {
    expect(decideCorrection(target({ status: 'error' }), event, price)).toEqual({ next: { ...event, version: 1, status: 'error' } });
  });

  it('gives back all of the cost unless told what is left, never more, and keeps the usage', () => {
    expect(decideCorrection(target({ kind: 'refund' }), event, price)).toMatchObject({ next: { costPico: 0n, usage: event.usage } });
    expect(decideCorrection(target({ kind: 'refund', costPico: 12n }), event, price)).toMatchObject({ next: { costPico: 12n } });
    expect(decideCorrection(target({ kind: 'refund', costPico: 31n }), event, price)).toMatchObject({ refused: { code: 'exceeds_cost' } });
    expect(decideCorrection(target({ kind: 'refund' }), { ...event, costPico: null }, price)).toMatchObject({ refused: { code: 'unpriced' } });
  });

  it('says why it has no effect', () => {
    expect(decideCorrection(target({}), event, price)).toMatchObject({ refused: { code: 'nothing_to_correct' } });
    expect(decideCorrection(target({ usage: new Map() }), event, price)).toMatchObject({ refused: { code: 'no_usage' } });
    expect(decideCorrection(target({ kind: 'void' }), { ...event, voided: true }, price)).toMatchObject({ refused: { code: 'already_void' } });
    expect(decideCorrection(target({ costPico: 1n }), { ...event, credit: true }, price)).toMatchObject({ refused: { code: 'credit' } });
  });
});

const text = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value instanceof Map ? [...value].sort(([a], [b]) => a - b) : value;

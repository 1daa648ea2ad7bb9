import { describe, expect, it } from '@jest/globals';
import { eventHistory } from './event-history.js';
import { presentEvent } from './present-event.js';
import { type CorrectionRecord, type EventRow, type Position } from './ports.js';

const at = (sequence: number, index = 0): Position => ({ generation: 1, partition: 0, sequence, index });

function row(kind: string, version: number, eventCount: -1 | 0 | 1, tokens: number, costUsd: string | null, position: Position, correctionId = ''): EventRow {
  const state = costUsd === null ? 'unpriced' : 'priced';
  return { kind, version, correctionId, eventCount, costUsd, position, event: { usage_id: 'u', api_key_id: 'key-1', state, usage: { input_tokens: tokens }, cost_usd: costUsd, status: 'ok', price_book_version: 'b', recorded_at: `t${position.sequence}` } };
}

const record = (correctionId: string, kind: string, outcome: string, position: Position, more: Partial<CorrectionRecord> = {}): CorrectionRecord => ({
  correctionId, kind, customerId: 'acme', outcome, code: '', detail: '', requestedBy: 'key-9', reason: 'wrong', requestedAt: 'r', target: {}, replacedBy: null, recordedAt: `t${position.sequence}`, position, ...more,
});

const recorded = row('recorded', 0, 1, 10, '1', at(1, 4));
const adjusted = [row('adjusted', 0, -1, -10, '-1', at(2, 1), 'a'), row('adjusted', 1, 1, 6, '0.6', at(2, 2), 'a')];
const refunded = [row('refunded', 1, -1, -6, '-0.6', at(3, 1), 'b'), row('refunded', 2, 1, 6, '0.1', at(3, 2), 'b')];
const voided = row('voided', 2, -1, -6, '-0.1', at(4, 1), 'c');

describe('the present state of an event', () => {
  it('is the row of the version that nothing takes back, in whatever order the rows lie', () => {
    expect(presentEvent([])).toBeNull();
    expect(presentEvent([recorded])).toEqual({ ...recorded.event, version: 0 });
    expect(presentEvent([recorded, ...adjusted])).toMatchObject({ version: 1, corrected: true, usage: { input_tokens: 6 }, cost_usd: '0.6', state: 'priced' });
    expect(presentEvent([recorded, ...[...adjusted, ...refunded].reverse()])).toMatchObject({ version: 2, cost_usd: '0.1' });
  });

  it('of a voided one is voided: no usage, no cost', () => {
    expect(presentEvent([recorded, ...adjusted, ...refunded, voided])).toMatchObject({ state: 'voided', version: 3, corrected: true, usage: {}, cost_usd: '0', status: 'ok', price_book_version: undefined });
  });

  it('of one whose recording is no longer stored is what its correction stated', () => {
    expect(presentEvent(adjusted)).toMatchObject({ version: 1, cost_usd: '0.6' });
  });

  it('of a credit is its money', () => {
    expect(presentEvent([row('credited', 0, 0, 0, '-5', at(1), 'k')])).toMatchObject({ state: 'credited', usage: {}, cost_usd: '-5' });
  });
});

describe('the history of an event', () => {
  it('goes from its recording to the last correction, each with who, why, what it led to, and by how much the cost changed', () => {
    const records = [
      record('a', 'adjust', 'applied', at(2), { target: { usage: { input_tokens: 6 } } }),
      record('b', 'refund', 'applied', at(3)),
      record('c', 'void', 'applied', at(4), { replacedBy: 'other' }),
    ];
    expect(eventHistory([recorded, ...adjusted, ...refunded, voided], records)).toMatchObject([
      { kind: 'recorded', requested_by: 'key-1', recorded_at: 't1', version: 0, state: 'priced', usage: { input_tokens: 10 }, cost_usd: '1', status: 'ok', position: at(1, 4) },
      { kind: 'adjust', correction_id: 'a', requested_by: 'key-9', requested_at: 'r', reason: 'wrong', target: { usage: { input_tokens: 6 } }, outcome: 'applied', version: 1, usage: { input_tokens: 6 }, cost_usd: '0.6', cost_change_usd: '-0.4', position: at(2) },
      { kind: 'refund', version: 2, cost_usd: '0.1', cost_change_usd: '-0.5' },
      { kind: 'void', version: 3, state: 'voided', usage: {}, cost_usd: '0', cost_change_usd: '-0.1', replaced_by: 'other', position: at(4) },
    ]);
  });

  it('shows the same correction sent again once, and one that was refused with its reason and no change', () => {
    const records = [
      record('x', 'refund', 'refused', at(2, 1), { code: 'too_much', detail: 'more than it cost' }),
      record('a', 'adjust', 'applied', at(2, 0)),
      record('a', 'adjust', 'duplicate', at(5)),
    ].sort((a, b) => a.position.sequence - b.position.sequence || a.position.index - b.position.index);
    const entries = eventHistory([recorded, ...adjusted], records);
    expect(entries.map(({ kind, outcome }) => [kind, outcome])).toEqual([['recorded', undefined], ['adjust', 'applied'], ['refund', 'refused']]);
    expect(entries[2]).toMatchObject({ because: { code: 'too_much', detail: 'more than it cost' } });
    expect(entries[2]).not.toHaveProperty('cost_usd');
    expect(entries[2]).not.toHaveProperty('cost_change_usd');
  });

  it('shows one that waited for its event as applied, where it took effect; one that still waits as parked', () => {
    const late = [row('adjusted', 0, -1, -10, '-1', at(1, 9), 'a'), row('adjusted', 1, 1, 6, '0.6', at(1, 10), 'a')];
    const early = [record('a', 'adjust', 'parked', { ...at(7), generation: 0 }), record('b', 'void', 'parked', { ...at(8), generation: 0 })];
    const entries = eventHistory([recorded, ...late], early);
    expect(entries.find(({ correction_id }) => correction_id === 'a')).toMatchObject({ outcome: 'applied', version: 1, position: { generation: 0, sequence: 7 }, took_effect_at: at(1, 9) });
    expect(entries.find(({ correction_id }) => correction_id === 'b')).toMatchObject({ outcome: 'parked' });
    expect(eventHistory([], early).map(({ outcome }) => outcome)).toEqual(['parked', 'parked']);
  });

  it('says nothing of a difference to or from an unknown cost', () => {
    const priced = [row('repriced', 0, -1, -10, null, at(2, 1), 'a'), row('repriced', 1, 1, 10, '2', at(2, 2), 'a')];
    expect(eventHistory([row('recorded', 0, 1, 10, null, at(1)), ...priced], [record('a', 'reprice', 'applied', at(2))])[1]).toMatchObject({ state: 'priced', cost_usd: '2', cost_change_usd: null });
  });
});

import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '@ledgerline/service-kit';
import fc from 'fast-check';
import { type EventOrder, SORT_FIELDS } from '../application/event-order.js';
import { filtersOf, readCursor, writeCursor, writeOrder } from './cursor.js';
import { readEventExport, readEventQuery } from './event-queries.js';

function problem(read: () => unknown): ProblemError {
  try {
    read();
  } catch (error) {
    return error as ProblemError;
  }
  throw new Error('nothing was refused');
}
const fieldsOf = (read: () => unknown) => problem(read).errors!.map(({ field }) => field);
const ID = '00112233-4455-6677-8899-aabbccddeeff';

describe('the parameters of the list of events', () => {
  it('have defaults', () => {
    expect(readEventQuery({})).toMatchObject({ limit: 100, strong: false, order: { field: 'occurred_at', descending: true } });
    expect(readEventExport({}).limit).toBeUndefined();
  });

  it('are refused with 400, every bad one named', () => {
    const read = () =>
      readEventQuery({ customer_id: ['a', 'b'], status: 'broken', state: 'priced,lost', from: 'yesterday', to: '2026-02-30', cursor: 'x', limit: '0', colour: 'red', consistency: 'total', provider: '', sort: 'colour', cost_from: '1e3', cost_to: '0.0000000000001' });
    expect(problem(read)).toMatchObject({ status: 400, code: 'invalid_parameter' });
    expect(fieldsOf(read).sort()).toEqual(['colour', 'consistency', 'cost_from', 'cost_to', 'cursor', 'customer_id', 'from', 'limit', 'provider', 'sort', 'state', 'status', 'to']);
    expect(fieldsOf(() => readEventQuery({ limit: '1.5' }))).toEqual(['limit']);
    expect(fieldsOf(() => readEventQuery({ limit: '1001' }))).toEqual(['limit']);
    expect(fieldsOf(() => readEventQuery({ from: '2026-01-02', to: '2026-01-02' }))).toEqual(['to']);
    expect(fieldsOf(() => readEventQuery({ cost_from: '0.2', cost_to: '0.1' }))).toEqual(['cost_to']);
    expect(fieldsOf(() => readEventQuery({ include_voided: 'perhaps' }))).toEqual(['include_voided']);
    expect(fieldsOf(() => readEventQuery({ 'tag.': 'x', 'tag.a': 'x'.repeat(513), 'tag.ok': 'x' }))).toEqual(['tag.', 'tag.a']);
  });

  it('take several values by repetition, commas and all; words also by comma; in any order they are the same', () => {
    expect(readEventQuery({ model: ['b,c', 'a', 'a'], status: 'ok,error', state: ['voided', 'priced,unpriced'] }).filter).toMatchObject({ model: ['a', 'b,c'], status: ['error', 'ok'], state: ['priced', 'unpriced', 'voided'] });
    expect(readEventQuery({ 'tag.team': ['y', 'x'], 'tag.a.b': '' }).filter.tags).toEqual({ team: ['x', 'y'], 'a.b': [''] });
    expect(filtersOf(readEventQuery({ model: ['a', 'b'] }).filter)).toBe(filtersOf(readEventQuery({ model: ['b', 'a'], limit: '7', sort: 'cost_usd' }).filter));
  });

  it('keep money exact', () => {
    expect(readEventQuery({ cost_from: '0.000000000001', cost_to: '12345678901234567890.10' }).filter).toMatchObject({ costFrom: '0.000000000001', costTo: '12345678901234567890.1' });
    expect(fieldsOf(() => readEventQuery({ cost_to: '1'.repeat(27) }))).toEqual(['cost_to']);
  });
});

const orders = fc.record({ field: fc.constantFrom(...SORT_FIELDS), descending: fc.boolean() });
const valueOf = ({ field }: EventOrder): fc.Arbitrary<string | null> => {
  if (field === 'cost_usd') return fc.option(fc.tuple(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), fc.nat({ max: 999_999_999 })).map(([whole, fraction]) => `${whole}.${fraction}`));
  const whole = fc.nat({ max: Number.MAX_SAFE_INTEGER }).map(String);
  return field === 'latency_ms' ? fc.option(whole) : whole;
};

describe('a cursor', () => {
  it('comes back as it was, in every order and with every value', () => {
    fc.assert(
      fc.property(orders.chain((order) => fc.tuple(fc.constant(order), valueOf(order))), fc.uuid(), ([order, value], usageId) => {
        const { filter } = readEventQuery({ provider: 'openai' });
        const cursor = writeCursor({ order, filters: filtersOf(filter), place: { value, usageId } });
        expect(cursor).toMatch(/^[\w-]+$/);
        expect(readEventQuery({ provider: 'openai', sort: writeOrder(order), cursor }).after).toEqual({ value, usageId });
      }),
    );
  });

  it('of another order or of other filters is refused, and the reason says which', () => {
    const cursor = writeCursor({ order: { field: 'cost_usd', descending: true }, filters: filtersOf(readEventQuery({ model: 'm' }).filter), place: { value: null, usageId: ID } });
    expect(readEventQuery({ model: 'm', sort: '-cost_usd', cursor, limit: '3', consistency: 'strong' }).after).toEqual({ value: null, usageId: ID });
    expect(problem(() => readEventQuery({ model: 'm', sort: 'cost_usd', cursor }))).toMatchObject({ status: 400, errors: [{ field: 'cursor', reason: 'belongs to a list with sort=-cost_usd' }] });
    for (const other of [{ model: 'n' }, { model: ['m', 'n'] }, {}, { model: 'm', 'tag.a': 'b' }, { model: 'm', include_voided: 'true' }]) {
      expect(problem(() => readEventQuery({ ...other, sort: '-cost_usd', cursor }))).toMatchObject({ status: 400, errors: [{ field: 'cursor', reason: 'belongs to a list with other filters' }] });
    }
  });

  it('that no answer contained is none', () => {
    const encode = (text: string) => Buffer.from(text).toString('base64url');
    const of = (order: string, value: string, id = ID, filters = '0123456789abcdef') => encode(`${order} ${value} ${id} ${filters}`);
    expect(readCursor(of('-occurred_at', '1'))).not.toBeNull();
    for (const text of ['', encode('1.2'), of('colour', '1'), of('occurred_at', 'null'), of('latency_ms', '1.5'), of('cost_usd', '1)'), of('occurred_at', '1', 'x'), of('occurred_at', '1', ID, 'short')]) expect(readCursor(text)).toBeNull();
  });
});

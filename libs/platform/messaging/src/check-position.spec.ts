import { describe, expect, it } from '@jest/globals';
import { type Checkpoint } from './batch-consumer.js';
import { checkPosition, PositionLostError } from './check-position.js';

const state = { streamId: 'monday', firstSequence: 1, lastSequence: 100, messages: 100, bytes: 1 };
const checkpoint: Checkpoint = { sequence: 50, streamId: 'monday', messageDigest: 'abc', highestSeen: 90 };
const check =
  (change: Partial<typeof state>, changed: Partial<Checkpoint> = {}, digest: string | null = 'abc') =>
  () =>
    checkPosition('PRICED_g1_p0', { ...checkpoint, ...changed }, { ...state, ...change }, digest);

describe('the check of a position against its stream', () => {
  it('lets a consumer go on where nothing changed', () => {
    expect(check({})).not.toThrow();
    expect(check({ lastSequence: 90 })).not.toThrow();
    expect(check({ firstSequence: 51 }, {}, null)).not.toThrow();
  });

  it('lets a consumer begin in a stream that was never trimmed', () => {
    expect(() => checkPosition('S', undefined, state, null)).not.toThrow();
    expect(() => checkPosition('S', undefined, { ...state, lastSequence: 0 }, null)).not.toThrow();
  });

  it('believes a store that knows neither creation time nor digest in what it knows', () => {
    expect(check({ streamId: 'tuesday' }, { streamId: '', messageDigest: '' }, 'other')).not.toThrow();
  });

  it.each([
    ['another stream of the same name', check({ streamId: 'tuesday' }), 'it is the stream tuesday, but position 50 was read from monday'],
    ['a stream that ends before what was seen', check({ lastSequence: 89 }), 'it ends at 89, but 90 has been seen'],
    ['a stream trimmed past the position', check({ firstSequence: 52 }), 'it begins at 52, but messages from 51 are still needed'],
    ['a stream trimmed before the first read', () => checkPosition('S', undefined, { ...state, firstSequence: 2 }, null), 'messages from 1'],
    ['another message at the position', check({}, {}, 'xyz'), 'message 50 is not the one that was read'],
    ['no message at the position', check({}, {}, null), 'message 50 is gone'],
  ])('stops at %s, naming it and what to run', (_name, checking, reason) => {
    expect(checking).toThrow(PositionLostError);
    expect(checking).toThrow(reason);
    expect(checking).toThrow('npm run cli -- recover');
  });
});

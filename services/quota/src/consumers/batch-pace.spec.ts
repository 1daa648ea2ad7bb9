import { describe, expect, it } from '@jest/globals';
import { BatchPace } from './batch-pace.js';

describe('the pace of batches', () => {
  const pace = new BatchPace(20, 700);

  it('keeps counting to its share of the time', () => expect(pace.pauseMs(100)).toBe(400));
  it('holds up a small batch for milliseconds only', () => expect(pace.pauseMs(4)).toBe(16));
  it('never pauses longer than it may', () => expect(pace.pauseMs(5_000)).toBe(700));
  it('does not pause at all when all time may be used', () => expect(new BatchPace(100, 700).pauseMs(100)).toBe(0));
});

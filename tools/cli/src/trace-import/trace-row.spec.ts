import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkHeader, parseTraceRow, TraceFormatError } from './trace-row.js';

const failure = (text: string): string => {
  try {
    parseTraceRow(text, 7);
  } catch (error) {
    expect(error).toBeInstanceOf(TraceFormatError);
    return (error as Error).message;
  }
  throw new Error(`accepted ${text}`);
};

describe('a line of an Azure trace', () => {
  it('keeps its tokens exactly and its time to the microsecond', () => {
    expect(parseTraceRow('2023-11-16 18:17:03.9799600,4808,10', 2)).toEqual({ occurredAt: '2023-11-16T18:17:03.979960Z', inputTokens: 4808, outputTokens: 10 });
  });

  it('cuts the seventh decimal and never rounds into the next second', () => {
    expect(parseTraceRow('2023-12-31 23:59:59.9999999,1,1', 2).occurredAt).toBe('2023-12-31T23:59:59.999999Z');
  });

  it('keeps every microsecond there is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999 }), fc.integer({ min: 0, max: 9 }), (micros, more) => {
        const digits = String(micros).padStart(6, '0');
        expect(parseTraceRow(`2023-11-16 18:17:03.${digits}${more},1,2`, 2).occurredAt).toBe(`2023-11-16T18:17:03.${digits}Z`);
      }),
    );
  });

  it.each([
    ['2023-11-16 18:17:03.9799600,4808', 'line 7, column 3 (GeneratedTokens): expected 3 columns, found 2'],
    ['2023-11-16 18:17:03.9799600,4808,1,2', 'line 7, column 4: expected 3 columns, found 4'],
    ['2023-11-16 18:17:03.9799600,-1,2', 'line 7, column 2 (ContextTokens): expected a whole number of tokens, found "-1"'],
    ['2023-11-16 18:17:03.9799600,1,2.5', 'line 7, column 3 (GeneratedTokens): expected a whole number of tokens, found "2.5"'],
    ['2023-11-16 18:17:03.9799600,1,1e3', 'line 7, column 3 (GeneratedTokens): expected a whole number of tokens, found "1e3"'],
    ['2023-02-29 18:17:03.9799600,1,2', 'line 7, column 1 (TIMESTAMP): there is no such time: "2023-02-29 18:17:03.9799600"'],
    ['16/11/2023,1,2', 'line 7, column 1 (TIMESTAMP): expected a UTC time such as 2023-11-16 18:17:03.9799600, found "16/11/2023"'],
    ['', 'line 7, column 2 (ContextTokens): expected 3 columns, found 1'],
  ])('names line and column of what is wrong in %j', (text, message) => {
    expect(failure(text)).toBe(message);
  });

  it('is refused when the header names other columns', () => {
    expect(() => checkHeader('TIMESTAMP,GeneratedTokens,ContextTokens')).toThrow('line 1, column 2 (ContextTokens)');
  });
});

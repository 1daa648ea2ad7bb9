import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { monthOf, monthStartText, monthStartUs, parseMonth } from './period.js';

describe('months', () => {
  it('agree with the calendar for every moment', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1900-01-01T00:00:00Z'), max: new Date('2400-01-01T00:00:00Z'), noInvalidDate: true }),
        (date) => {
          expect(monthStartText(monthOf(date.getTime() * 1000))).toBe(`${date.toISOString().slice(0, 7)}-01`);
        },
      ),
    );
  });

  it('begin at midnight UTC of their first day', () => {
    const november = monthOf(Date.parse('2023-11-16T18:17:03.979Z') * 1000);
    expect(monthStartUs(november)).toBe(Date.parse('2023-11-01T00:00:00Z') * 1000);
    expect(monthOf(monthStartUs(november) - 1)).toBe(november - 1);
    expect(monthOf(monthStartUs(november + 1) - 1)).toBe(november);
  });

  it('are read back from their text', () => {
    expect(parseMonth('2023-11-01')).toBe(monthOf(Date.parse('2023-11-05') * 1000));
    expect(parseMonth('2023-11')).toBe(parseMonth('2023-11-01'));
    expect(parseMonth('2023-13')).toBeUndefined();
    expect(parseMonth('2023-11-02')).toBeUndefined();
  });
});

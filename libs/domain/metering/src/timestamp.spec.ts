import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nameProblem, occurredAtProblem } from './limits.js';
import { parseTimestampUs } from './timestamp.js';

describe('a timestamp', () => {
  it('is the moment that the platform reads from it', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('1970-01-01'), max: new Date('2200-01-01'), noInvalidDate: true }), (date) => {
        expect(parseTimestampUs(date.toISOString())).toBe(date.getTime() * 1000);
      }),
    );
  });

  it.each([
    ['2023-11-16T18:17:03.9799600Z', 1_700_158_623_979_960],
    ['2023-11-16T19:17:03.9799609+01:00', 1_700_158_623_979_960],
    ['2024-02-29t00:00:00z', 1_709_164_800_000_000],
  ])('reads %s to the microsecond', (text, expected) => expect(parseTimestampUs(text)).toBe(expected));

  it('is the same moment at any offset and with any fraction, cut after the sixth digit', () => {
    const moment = fc.date({ min: new Date('1971-01-01'), max: new Date('2200-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(moment, fc.integer({ min: -1439, max: 1439 }), fc.stringMatching(/^[0-9]{1,12}$/), (date, minutes, fraction) => {
        const local = new Date(Math.floor(date.getTime() / 1000) * 1000 + minutes * 60_000).toISOString().slice(0, 19);
        const [hour, minute] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60].map((part) => String(part).padStart(2, '0'));
        const micros = Number(fraction.slice(0, 6).padEnd(6, '0'));
        expect(parseTimestampUs(`${local}.${fraction}${minutes < 0 ? '-' : '+'}${hour}:${minute}`)).toBe(Math.floor(date.getTime() / 1000) * 1_000_000 + micros);
      }),
    );
  });

  it.each([
    '', 'x', '2023-11-16T18:17:03.Z', '2023-11-16T18:17:03.1234567890123Z', '2023-11-16T18:17:03Z ', '2023-11-16T18:17:60Z', '2023-11-16T18:17:03+24:00', '2023-11-16T18:17:03+1:00',
    '2023-11-16T18:17:03+01:000', '2023-11-16x18:17:03Z', '+023-11-16T18:17:03Z', '2023-1 -16T18:17:03Z', '2023-11-16T18:17:03.5', '2023-00-16T18:17:03Z', '2023-11-16T18:-7:03Z',
  ])('refuses %j', (text) => expect(parseTimestampUs(text)).toBeNull());

  it.each(['2023-02-29T00:00:00Z', '2023-11-16', '2023-11-16T24:00:00Z', '2023-11-16T18:17:03', '1700158623', '2023-13-01T00:00:00Z'])(
    'refuses %s',
    (text) => expect(parseTimestampUs(text)).toBeNull(),
  );
});

it('a time more than five minutes ahead or before 2000 is refused', () => {
  const now = 1_700_000_000_000_000;
  expect(occurredAtProblem(now + 300_000_000, now)).toBeNull();
  expect(occurredAtProblem(now + 300_000_001, now)).toMatch('5 minutes');
  expect(occurredAtProblem(946_684_799_999_999, now)).toMatch('2000');
});

it('a name that a store would cut or confuse is refused', () => {
  expect(['', 'a\u0000b', 'a\ud800', 'x'.repeat(257)].map((name) => nameProblem(name))).toEqual([
    expect.stringMatching('empty'),
    expect.stringMatching('control'),
    expect.stringMatching('Unicode'),
    expect.stringMatching('256'),
  ]);
  expect(nameProblem('modèle/日本 1')).toBeNull();
});

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const ZERO = 48;
/** Most digits of a second's fraction. */
const MAX_FRACTION = 12;

/**
 * Microseconds since the Unix epoch of an RFC 3339 time with its offset, or null when it is none.
 * Digits past the sixth are cut, not rounded: rounding could move an event into the next month.
 *
 * Reads character by character, as every event comes through here: a regular expression's groups would be as many strings.
 */
export function parseTimestampUs(text: string): number | null {
  if (text[4] !== '-' || text[7] !== '-' || !isSeparator(text[10]) || text[13] !== ':' || text[16] !== ':') return null;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  const inRange = year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
  if (!inRange || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return null;
  let at = 19;
  let micros = 0;
  if (text[at] === '.') {
    const from = ++at;
    for (; isDigit(text.charCodeAt(at)); at++) if (at < from + 6) micros = micros * 10 + text.charCodeAt(at) - ZERO;
    if (at === from || at > from + MAX_FRACTION) return null;
    for (let missing = from + 6 - at; missing > 0; missing--) micros *= 10;
  }
  const offset = offsetSeconds(text, at);
  if (offset === null) return null;
  const seconds = daysSinceEpoch(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset;
  return seconds * 1_000_000 + micros;
}

const isSeparator = (character: string | undefined): boolean => character === 'T' || character === 't' || character === ' ';

const isDigit = (code: number): boolean => code >= ZERO && code <= ZERO + 9;

/** The number in `length` decimal digits, or -1 when one of them is none. */
function digits(text: string, from: number, length: number): number {
  let value = 0;
  for (let at = from; at < from + length; at++) {
    const code = text.charCodeAt(at);
    if (!isDigit(code)) return -1;
    value = value * 10 + code - ZERO;
  }
  return value;
}

/** What the rest of the text says: `Z`, or `+hh:mm`. Null when it is neither. */
function offsetSeconds(text: string, at: number): number | null {
  const sign = text[at];
  if (sign === 'Z' || sign === 'z') return text.length === at + 1 ? 0 : null;
  if ((sign !== '+' && sign !== '-') || text[at + 3] !== ':' || text.length !== at + 6) return null;
  const hours = digits(text, at + 1, 2);
  const minutes = digits(text, at + 4, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return null;
  return (hours * 60 + minutes) * (sign === '-' ? -60 : 60);
}

function daysIn(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && leap ? 29 : DAYS[month - 1]!;
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms"). */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

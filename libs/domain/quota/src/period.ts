/**
 * Calendar months in UTC, as the number of months since January 1970.
 *
 * A number instead of a date, because the hot path sorts every event into its month.
 */
export type MonthNumber = number;

const DAY_US = 86_400_000_000;

/** Days from 1970-01-01 to the first day of the month (proleptic Gregorian). */
export function firstDayOf(month: MonthNumber): number {
  const year = 1970 + Math.floor(month / 12);
  const monthOfYear = month - (year - 1970) * 12;
  // Years begin in March here, so that the leap day is the last day of one.
  const shifted = monthOfYear >= 2 ? year : year - 1;
  const marchMonth = (monthOfYear + 10) % 12;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * marchMonth + 2) / 5);
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Microseconds since the Unix epoch at which the month begins. */
export const monthStartUs = (month: MonthNumber): number => firstDayOf(month) * DAY_US;

/** The month that a time lies in. @param timeUs microseconds since the Unix epoch */
export function monthOf(timeUs: number): MonthNumber {
  const day = Math.floor(timeUs / DAY_US);
  // A month has 30.436875 days on average: the guess is at most one off.
  let month = Math.floor(day / 30.436875);
  while (firstDayOf(month) > day) month -= 1;
  while (firstDayOf(month + 1) <= day) month += 1;
  return month;
}

/** First day of the month, as `2023-11-01`. */
export function monthStartText(month: MonthNumber): string {
  const year = 1970 + Math.floor(month / 12);
  return `${String(year).padStart(4, '0')}-${String(month - (year - 1970) * 12 + 1).padStart(2, '0')}-01`;
}

/** Reads `2023-11` or `2023-11-01`; undefined when it is neither. */
export function parseMonth(text: string): MonthNumber | undefined {
  const match = /^(\d{4})-(0[1-9]|1[0-2])(?:-01)?$/.exec(text);
  return match ? (Number(match[1]) - 1970) * 12 + Number(match[2]) - 1 : undefined;
}

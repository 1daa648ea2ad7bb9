/** How days and times are written; what it does not say is whether there is such a day. */
export const TIME_PATTERN = '^\\d{4}-\\d\\d-\\d\\d(?:T\\d\\d:\\d\\d(?::\\d\\d(?:\\.(\\d{1,6}))?)?(?:Z|[+-]\\d\\d:\\d\\d))?$';
const TIME = new RegExp(TIME_PATTERN);

/** An ISO 8601 day (midnight UTC) or a time with its offset, as microseconds since 1970; null for anything else. */
export function readTime(text: string): number | null {
  const match = TIME.exec(text);
  if (!match) return null;
  const fraction = match[1] ?? '';
  const ms = Date.parse(fraction === '' ? text : text.replace(`.${fraction}`, ''));
  const year = new Date(ms).getUTCFullYear();
  if (Number.isNaN(ms) || !realDay(text) || year < 1970 || year > 2100) return null;
  return ms * 1000 + Number(fraction.padEnd(6, '0'));
}

/** Date.parse takes 30 February for 2 March. */
function realDay(text: string): boolean {
  const day = text.slice(0, 10);
  const midnight = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
}

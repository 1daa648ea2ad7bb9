import { InvalidArgumentError } from 'commander';

/** Parses `--wait 30`. @throws InvalidArgumentError */
export function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0) || !Number.isFinite(value)) throw new InvalidArgumentError('expected seconds.');
  return value;
}

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^(\d+)(s|m|h|d)$/;
const TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** Parses `90s`, `24h`, `7d` as milliseconds. @throws InvalidArgumentError */
export function durationMs(text: string): number {
  const [, count, unit] = DURATION.exec(text) ?? [];
  if (unit === undefined) throw new InvalidArgumentError('expected a duration such as 60s, 30m, 24h or 7d.');
  return Number(count) * UNITS_MS[unit]!;
}

/** Parses a time, or a duration that goes back from now, as microseconds since the epoch. @throws InvalidArgumentError */
export function timeAgo(text: string): number {
  if (DURATION.test(text)) return (Date.now() - durationMs(text)) * 1000;
  const time = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new InvalidArgumentError('expected a duration such as 24h, a day such as 2026-11-01 (UTC), or a time such as 2026-11-01T12:00:00Z.');
  return time * 1000;
}

/** Parses a TCP port; 0 takes a free one. @throws InvalidArgumentError */
export function port(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < 0 || value > 65_535) throw new InvalidArgumentError('expected a port from 0 to 65535.');
  return value;
}

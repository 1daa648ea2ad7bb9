import { type Findings } from './finding.js';

/** Another clock's time, and when it was asked and answered by this one; milliseconds since the epoch. */
export interface ClockReading {
  readonly theirsMs: number;
  readonly askedMs: number;
  readonly answeredMs: number;
}

/** How far the other clock is ahead, milliseconds; 0 while its time lies between question and answer. */
export function aheadMs({ theirsMs, askedMs, answeredMs }: ClockReading): number {
  if (theirsMs > answeredMs) return theirsMs - answeredMs;
  return theirsMs < askedMs ? theirsMs - askedMs : 0;
}

/** An event's time may be five minutes ahead of the broker's; leases and freshness compare clocks within seconds. */
const LEVELS = { warnAt: 1_000, failAt: 60_000 };

/** Reports a clock's distance from this machine's. */
export function reportClock(findings: Findings, reading: ClockReading): void {
  const ahead = aheadMs(reading);
  const found = ahead === 0 ? 'agrees with this machine' : `${(Math.abs(ahead) / 1000).toFixed(3)} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine`;
  findings.level('clock', Math.abs(ahead), LEVELS, found, 'Let all machines follow the same time servers (NTP): events more than five minutes ahead of the broker are refused.');
}

/** Asks for another clock's time and notes this one's before and after. */
export async function readClock(ask: () => Promise<number>): Promise<ClockReading> {
  const askedMs = Date.now();
  const theirsMs = await ask();
  return { theirsMs, askedMs, answeredMs: Date.now() };
}

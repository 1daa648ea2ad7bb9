import { type QuotaTerms } from './quota-terms.js';

/** What is known of one threshold in one window. */
export interface ThresholdState {
  readonly limitVersion: number;
  readonly crossed: boolean;
  /** How often it was crossed under that limit version. */
  readonly crossingNumber: number;
}

/** One quota in one month: the thresholds that were ever crossed, by percent. */
export type WindowState = ReadonlyMap<number, ThresholdState>;

export const initialWindow: WindowState = new Map();

/** The window's true value held against the terms in force. */
export interface MeasureWindow {
  readonly kind: 'measure';
  readonly terms: QuotaTerms;
  readonly limitVersion: number;
  /** Amount of the quota's metric. */
  readonly value: bigint;
}

/** The quota ends: what it had raised holds no more. */
export interface WithdrawQuota {
  readonly kind: 'withdraw';
}

export type WindowCommand = MeasureWindow | WithdrawQuota;

/** A threshold was passed upwards or downwards. */
export interface WindowEvent {
  readonly kind: 'crossed' | 'uncrossed';
  readonly limitVersion: number;
  readonly thresholdPercent: number;
  readonly crossingNumber: number;
}

/** A share of the limit counts as reached when the value equals it. Exact: integers only. */
export const isReached = (value: bigint, limit: bigint, thresholdPercent: number): boolean =>
  value * 100n >= limit * BigInt(thresholdPercent);

/**
 * Decides what a new value (or a new limit, or the end of the quota) means for one window.
 *
 * Pure, and a function of the value alone: however the usage was split into batches on its way here, the
 * thresholds end in the same state, and each is crossed once for each time the value passed it.
 *
 * @returns what falls back first (highest threshold first), then what is crossed (lowest first)
 */
export function decideWindow(command: WindowCommand, state: WindowState): WindowEvent[] {
  return [...fallingBack(command, state), ...crossing(command, state)];
}

function fallingBack(command: WindowCommand, state: WindowState): WindowEvent[] {
  const events: WindowEvent[] = [];
  for (const [thresholdPercent, threshold] of state) {
    if (!threshold.crossed || (command.kind === 'measure' && stillHolds(command, thresholdPercent, threshold))) continue;
    events.push({ kind: 'uncrossed', limitVersion: threshold.limitVersion, thresholdPercent, crossingNumber: threshold.crossingNumber });
  }
  return events.sort((a, b) => b.thresholdPercent - a.thresholdPercent);
}

function crossing(command: WindowCommand, state: WindowState): WindowEvent[] {
  if (command.kind === 'withdraw') return [];
  const { terms, limitVersion, value } = command;
  const events: WindowEvent[] = [];
  for (const thresholdPercent of terms.thresholds) {
    if (!isReached(value, terms.limit, thresholdPercent)) continue;
    const known = state.get(thresholdPercent);
    const before = known?.limitVersion === limitVersion ? known : undefined;
    if (before?.crossed) continue;
    events.push({ kind: 'crossed', limitVersion, thresholdPercent, crossingNumber: (before?.crossingNumber ?? 0) + 1 });
  }
  return events;
}

const stillHolds = (command: MeasureWindow, thresholdPercent: number, threshold: ThresholdState): boolean =>
  threshold.limitVersion === command.limitVersion &&
  command.terms.thresholds.includes(thresholdPercent) &&
  isReached(command.value, command.terms.limit, thresholdPercent);

/** The window after an event. */
export function evolveWindow(state: WindowState, event: WindowEvent): WindowState {
  return new Map(state).set(event.thresholdPercent, {
    limitVersion: event.limitVersion,
    crossed: event.kind === 'crossed',
    crossingNumber: event.crossingNumber,
  });
}

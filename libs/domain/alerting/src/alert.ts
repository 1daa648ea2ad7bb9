/** What an alert is about: one threshold of one version of a quota's limit in one month. At most one alert exists for it. */
export interface AlertSubject {
  readonly quotaId: string;
  readonly limitVersion: number;
  /** First day of the UTC month, `2023-11-01`. */
  readonly periodStart: string;
  readonly thresholdPercent: number;
}

/** A crossing of a threshold, or the end of one, as the quota service decided it. */
export interface Crossing extends AlertSubject {
  /** The same each time the decision is delivered. */
  readonly eventId: string;
  readonly kind: 'crossed' | 'uncrossed';
  /** Goes up by one each time the threshold is crossed again. */
  readonly crossingNumber: number;
  /** Plain decimal text. */
  readonly value: string;
  readonly decidedAtUs: number;
}

export type AlertStatus = 'active' | 'resolved';

/** Where an alert stands. Times are microseconds since the Unix epoch. */
export interface AlertState {
  readonly status: AlertStatus;
  readonly crossingNumber: number;
  readonly value: string;
  readonly raisedAtUs: number;
  /** How often it was crossed again after it had been resolved. */
  readonly reopenedCount: number;
  readonly resolvedAtUs: number | null;
}

/** What a crossing meant for the alert. */
export type AlertChange = 'raised' | 'reopened' | 'resolved';

/** Whether a change is news to people. An alert is told once: that it fell back, or came again, is in its history. */
export const notifies = (change: AlertChange): boolean => change === 'raised';

/**
 * Decides what a crossing changes. Only what is newer than the alert changes it, so that a decision
 * delivered again, or late, does nothing.
 *
 * @param state undefined when the subject never had an alert
 * @returns undefined when nothing changes
 */
export function decideAlert(crossing: Crossing, state: AlertState | undefined): AlertChange | undefined {
  if (crossing.kind === 'crossed') {
    if (state === undefined) return 'raised';
    return crossing.crossingNumber > state.crossingNumber ? 'reopened' : undefined;
  }
  const ends = state !== undefined && state.status === 'active' && crossing.crossingNumber === state.crossingNumber;
  return ends ? 'resolved' : undefined;
}

/** The alert after a change. `raisedAtUs` stays that of the first crossing; the history holds the others. */
export function evolveAlert(state: AlertState | undefined, change: AlertChange, crossing: Crossing): AlertState {
  if (change === 'resolved') {
    return { ...state!, status: 'resolved', resolvedAtUs: crossing.decidedAtUs };
  }
  return {
    status: 'active',
    crossingNumber: crossing.crossingNumber,
    value: crossing.value,
    raisedAtUs: state?.raisedAtUs ?? crossing.decidedAtUs,
    reopenedCount: (state?.reopenedCount ?? 0) + (change === 'reopened' ? 1 : 0),
    resolvedAtUs: null,
  };
}

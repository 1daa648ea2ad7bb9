import { type AlertState, type AlertStatus } from './alert.js';

/** What people may say of an alert: that it was seen, or that it is dealt with. */
export type StatementKind = 'acknowledged' | 'resolved';

/** Something said of an alert: about the crossing that it was at then, and about no later one. */
export interface AlertStatement {
  readonly kind: StatementKind;
  readonly crossingNumber: number;
  readonly saidAtUs: number;
}

/** How an alert stands: what was decided, and what people said of it. Times are microseconds since the Unix epoch. */
export interface AlertStanding {
  readonly status: AlertStatus;
  readonly resolvedAtUs: number | null;
  readonly acknowledgedAtUs: number | null;
}

/**
 * How an alert stands. Statements about earlier crossings say nothing of it: a reopened alert is active and not seen yet. As a statement names
 * its crossing, the same comes out whether it was made before or after later decisions were recorded, or recorded anew.
 */
export function standingOf({ status, crossingNumber, resolvedAtUs }: AlertState, said: readonly AlertStatement[]): AlertStanding {
  const firstOf = (kind: StatementKind): number | null => {
    const times = said.filter((one) => one.kind === kind && one.crossingNumber === crossingNumber).map(({ saidAtUs }) => saidAtUs);
    return times.length === 0 ? null : Math.min(...times);
  };
  const ends = [resolvedAtUs, firstOf('resolved')].filter((end) => end !== null);
  return {
    status: ends.length > 0 ? 'resolved' : status,
    resolvedAtUs: ends.length > 0 ? Math.min(...ends) : null,
    acknowledgedAtUs: firstOf('acknowledged'),
  };
}

/** The statement that somebody makes, or undefined when the alert stands like that already: who said it first is kept. */
export function decideStatement(kind: StatementKind, state: AlertState, said: readonly AlertStatement[], saidAtUs: number): AlertStatement | undefined {
  const { status, acknowledgedAtUs } = standingOf(state, said);
  const stands = kind === 'resolved' ? status === 'resolved' : acknowledgedAtUs !== null;
  return stands ? undefined : { kind, crossingNumber: state.crossingNumber, saidAtUs };
}

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type AlertState, type Crossing, decideAlert, evolveAlert } from './alert.js';
import { type AlertStatement, decideStatement, standingOf, type StatementKind } from './statement.js';

const active: AlertState = { status: 'active', crossingNumber: 2, value: '9', raisedAtUs: 10, reopenedCount: 1, resolvedAtUs: null };
const said = (kind: StatementKind, crossingNumber: number, saidAtUs: number): AlertStatement => ({ kind, crossingNumber, saidAtUs });

describe('how an alert stands', () => {
  it('is as it was decided, when nobody said anything of this crossing', () => {
    for (const statements of [[], [said('resolved', 1, 11), said('acknowledged', 1, 11)]]) {
      expect(standingOf(active, statements)).toEqual({ status: 'active', resolvedAtUs: null, acknowledgedAtUs: null });
    }
  });

  it('is resolved from the earlier of the two: the decision, or what somebody said', () => {
    const ended: AlertState = { ...active, status: 'resolved', resolvedAtUs: 30 };
    expect(standingOf(active, [said('resolved', 2, 25)])).toMatchObject({ status: 'resolved', resolvedAtUs: 25 });
    expect(standingOf(ended, [said('resolved', 2, 25)])).toMatchObject({ status: 'resolved', resolvedAtUs: 25 });
    expect(standingOf(ended, [said('resolved', 2, 35)])).toMatchObject({ status: 'resolved', resolvedAtUs: 30 });
  });

  it('may be seen without being resolved, and resolved without being seen', () => {
    expect(standingOf(active, [said('acknowledged', 2, 25)])).toEqual({ status: 'active', resolvedAtUs: null, acknowledgedAtUs: 25 });
    expect(standingOf(active, [said('resolved', 2, 25)])).toEqual({ status: 'resolved', resolvedAtUs: 25, acknowledgedAtUs: null });
  });
});

/** Usage goes over the threshold and back under it, and people speak in between. */
type Step = 'usage' | StatementKind;
const steps = fc.array(fc.constantFrom<Step>('usage', 'acknowledged', 'resolved'), { maxLength: 30 });

interface Told {
  readonly state: AlertState | undefined;
  readonly said: readonly AlertStatement[];
  readonly crossings: readonly Crossing[];
}

function tell(all: readonly Step[]): Told {
  let state: AlertState | undefined;
  const statements: AlertStatement[] = [];
  const crossings: Crossing[] = [];
  for (const [at, step] of all.entries()) {
    if (step === 'usage') {
      const crossing = nextCrossing(crossings.at(-1), at);
      crossings.push(crossing);
      state = record(crossing, state);
    } else if (state !== undefined) {
      const statement = decideStatement(step, state, statements, at);
      if (statement !== undefined) statements.push(statement);
    }
  }
  return { state, said: statements, crossings };
}

/** Quotas are decided without regard to what is said of alerts: over, under, over. */
function nextCrossing(last: Crossing | undefined, at: number): Crossing {
  const over = last?.kind !== 'crossed';
  const crossingNumber = over ? (last?.crossingNumber ?? 0) + 1 : last!.crossingNumber;
  return { eventId: `${crossingNumber} ${over}`, kind: over ? 'crossed' : 'uncrossed', quotaId: 'q', limitVersion: 1, periodStart: '2023-11-01', thresholdPercent: 80, crossingNumber, value: '1', decidedAtUs: at };
}

function record(crossing: Crossing, state: AlertState | undefined): AlertState | undefined {
  const change = decideAlert(crossing, state);
  return change === undefined ? state : evolveAlert(state, change, crossing);
}

describe('what people say of an alert', () => {
  it('said again changes nothing', () => {
    fc.assert(
      fc.property(steps, fc.constantFrom<StatementKind>('acknowledged', 'resolved'), (all, kind) => {
        const { state, said } = tell(all);
        if (state === undefined) return;
        const first = decideStatement(kind, state, said, 100);
        expect(decideStatement(kind, state, first === undefined ? said : [...said, first], 101)).toBeUndefined();
      }),
    );
  });

  it('does what was meant: the alert is seen, or resolved, from then on', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const { state, said } = tell(all);
        if (state === undefined) return;
        const after = (kind: StatementKind) => standingOf(state, [...said, ...[decideStatement(kind, state, said, 100)].filter((one) => one !== undefined)]);
        expect(after('resolved')).toMatchObject({ status: 'resolved', resolvedAtUs: expect.any(Number) });
        expect(after('acknowledged').acknowledgedAtUs).not.toBeNull();
      }),
    );
  });

  it('does not outlive a reopening: whatever was said, the next crossing is active and not seen', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const { state, said, crossings } = tell(all);
        if (state === undefined) return;
        let reopened = state;
        for (let last = crossings.at(-1), n = 0; n < 2; n++) {
          last = nextCrossing(last, 100 + n);
          reopened = record(last, reopened)!;
          if (last.kind === 'crossed') break;
        }
        expect(standingOf(reopened, said)).toEqual({ status: 'active', resolvedAtUs: null, acknowledgedAtUs: null });
      }),
    );
  });

  it('never makes an active alert of a resolved one', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const { state, said } = tell(all);
        if (state?.status === 'resolved') expect(standingOf(state, said).status).toBe('resolved');
      }),
    );
  });
});

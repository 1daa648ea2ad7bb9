import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decideWindow, evolveWindow, initialWindow, isReached, type WindowCommand, type WindowEvent, type WindowState } from './window.js';

const terms = { limit: 1_000n, thresholds: [80, 100] };

const measure = (value: bigint, limitVersion = 1, limit = terms.limit): WindowCommand => ({
  kind: 'measure',
  terms: { ...terms, limit },
  limitVersion,
  value,
});

function after(commands: WindowCommand[]): { state: WindowState; events: WindowEvent[] } {
  let state = initialWindow;
  const all: WindowEvent[] = [];
  for (const command of commands) {
    const events = decideWindow(command, state);
    all.push(...events);
    state = events.reduce(evolveWindow, state);
  }
  return { state, events: all };
}

const brief = (events: WindowEvent[]) => events.map((e) => `${e.kind} v${e.limitVersion} ${e.thresholdPercent}% #${e.crossingNumber}`);

describe('a window', () => {
  it('crosses a threshold when its value reaches it exactly', () => {
    expect(brief(after([measure(799n)]).events)).toEqual([]);
    expect(brief(after([measure(800n)]).events)).toEqual(['crossed v1 80% #1']);
  });

  it('crosses every threshold that one step passes, lowest first', () => {
    expect(brief(after([measure(5_000n)]).events)).toEqual(['crossed v1 80% #1', 'crossed v1 100% #1']);
  });

  it('numbers each crossing after falling back', () => {
    expect(brief(after([measure(900n), measure(700n), measure(900n)]).events)).toEqual([
      'crossed v1 80% #1',
      'uncrossed v1 80% #1',
      'crossed v1 80% #2',
    ]);
  });

  it('takes back the old limit and decides anew when the limit changes', () => {
    expect(brief(after([measure(1_000n), measure(1_000n, 2, 1_200n)]).events)).toEqual([
      'crossed v1 80% #1',
      'crossed v1 100% #1',
      'uncrossed v1 100% #1',
      'uncrossed v1 80% #1',
      'crossed v2 80% #1',
    ]);
  });

  it('takes back everything when the quota is withdrawn', () => {
    expect(brief(after([measure(1_000n), { kind: 'withdraw' }, { kind: 'withdraw' }]).events)).toEqual([
      'crossed v1 80% #1',
      'crossed v1 100% #1',
      'uncrossed v1 100% #1',
      'uncrossed v1 80% #1',
    ]);
  });

  it('takes back a threshold that is no longer asked for', () => {
    const crossed = after([measure(1_000n)]).state;
    const events = decideWindow({ kind: 'measure', terms: { limit: 1_000n, thresholds: [100] }, limitVersion: 1, value: 1_000n }, crossed);
    expect(brief(events)).toEqual(['uncrossed v1 80% #1']);
  });
});

const steps = fc.array(fc.bigInt({ min: 0n, max: 400n }), { maxLength: 30 });
const signedSteps = fc.array(fc.bigInt({ min: -400n, max: 400n }), { maxLength: 40 });

/** The running values after each group of steps; `cuts` says after which steps a batch ends. */
function valuesOf(deltas: bigint[], cuts: boolean[]): bigint[] {
  const values: bigint[] = [];
  let value = 0n;
  deltas.forEach((delta, i) => {
    value += delta;
    if (i === deltas.length - 1 || cuts[i % Math.max(cuts.length, 1)]) values.push(value);
  });
  return values;
}

describe('however usage is split into batches', () => {
  it('the same crossings come out, each threshold once', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.boolean()), (deltas, cuts) => {
        const split = after(valuesOf(deltas, cuts).map((value) => measure(value)));
        const single = after(valuesOf(deltas, [true]).map((value) => measure(value)));
        expect(brief(split.events)).toEqual(brief(single.events));
        expect(split.state).toEqual(single.state);
        expect(new Set(brief(split.events)).size).toBe(split.events.length);
      }),
    );
  });

  it('a threshold ends as crossed exactly when the final value reaches it, also with falling values', () => {
    fc.assert(
      fc.property(signedSteps, fc.array(fc.boolean()), (deltas, cuts) => {
        const values = valuesOf(deltas, cuts);
        const { state } = after(values.map((value) => measure(value)));
        for (const percent of terms.thresholds) {
          expect(state.get(percent)?.crossed ?? false).toBe(isReached(values.at(-1) ?? 0n, terms.limit, percent));
        }
      }),
    );
  });

  it('each threshold goes back and forth, and its crossings are numbered without a gap', () => {
    fc.assert(
      fc.property(signedSteps, (deltas) => {
        const { events } = after(valuesOf(deltas, [true]).map((value) => measure(value)));
        for (const percent of terms.thresholds) {
          events
            .filter((event) => event.thresholdPercent === percent)
            .forEach((event, i) => {
              expect(event.kind).toBe(i % 2 === 0 ? 'crossed' : 'uncrossed');
              expect(event.crossingNumber).toBe(Math.floor(i / 2) + 1);
            });
        }
      }),
    );
  });

  it('measuring the same value again decides nothing', () => {
    fc.assert(
      fc.property(signedSteps, (deltas) => {
        const values = valuesOf(deltas, [true]);
        const { state } = after(values.map((value) => measure(value)));
        expect(decideWindow(measure(values.at(-1) ?? 0n), state)).toEqual([]);
      }),
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decideAlert, evolveAlert, notifies, type AlertChange, type AlertState, type Crossing } from './alert.js';

const crossing = (
  kind: Crossing['kind'],
  crossingNumber: number,
  decidedAtUs = crossingNumber * 10 + (kind === 'uncrossed' ? 5 : 0),
): Crossing => ({
  eventId: `q/v1/2023-11-01/80%/n${crossingNumber}/${kind}`,
  kind,
  quotaId: 'q',
  limitVersion: 1,
  periodStart: '2023-11-01',
  thresholdPercent: 80,
  crossingNumber,
  value: String(crossingNumber),
  decidedAtUs,
});

function after(crossings: Crossing[]): { state: AlertState | undefined; changes: AlertChange[] } {
  let state: AlertState | undefined;
  const changes: AlertChange[] = [];
  for (const one of crossings) {
    const change = decideAlert(one, state);
    if (change === undefined) continue;
    changes.push(change);
    state = evolveAlert(state, change, one);
  }
  return { state, changes };
}

describe('an alert', () => {
  it('is raised by a crossing, resolved when the value falls back, and the same one is reopened by the next crossing', () => {
    const { state, changes } = after([crossing('crossed', 1), crossing('uncrossed', 1), crossing('crossed', 2)]);
    expect(changes).toEqual(['raised', 'resolved', 'reopened']);
    expect(state).toEqual({ status: 'active', crossingNumber: 2, value: '2', raisedAtUs: 10, reopenedCount: 1, resolvedAtUs: null });
  });

  it('keeps the value that raised it when it is resolved', () => {
    expect(after([crossing('crossed', 1), crossing('uncrossed', 1)]).state).toEqual({
      status: 'resolved',
      crossingNumber: 1,
      value: '1',
      raisedAtUs: 10,
      reopenedCount: 0,
      resolvedAtUs: 15,
    });
  });

  it('is not raised by the end of a crossing that it never saw', () => {
    expect(after([crossing('uncrossed', 1)]).changes).toEqual([]);
  });

  it('is told once, however often it falls back and comes again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), (times) => {
        const { state, changes } = after(Array.from({ length: times }, (_, i) => i + 1).flatMap((n) => [crossing('crossed', n), crossing('uncrossed', n)]));
        expect(changes.filter(notifies)).toEqual(['raised']);
        expect(state).toMatchObject({ status: 'resolved', reopenedCount: times - 1, raisedAtUs: 10 });
      }),
    );
  });

  it('is not resolved by the end of an earlier crossing, delivered after it was crossed again', () => {
    expect(after([crossing('crossed', 1), crossing('uncrossed', 1), crossing('crossed', 2), crossing('uncrossed', 1)]).state).toMatchObject({ status: 'active', crossingNumber: 2 });
  });

  it('is the same however often, and however late, older decisions are delivered again', () => {
    const history = [1, 2, 3].flatMap((n) => [crossing('crossed', n), crossing('uncrossed', n)]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: history.length }),
        fc.array(fc.nat({ max: 5 })),
        fc.array(fc.nat({ max: 5 })),
        (length, again, places) => {
          const once = history.slice(0, length);
          const delivered = [...once];
          again.forEach((from, i) => {
            // A repetition never comes before the original.
            const original = from % length;
            const at = original + 1 + ((places[i] ?? 0) % (length - original));
            delivered.splice(delivered.indexOf(once[at - 1]!) + 1, 0, once[original]!);
          });
          expect(after(delivered)).toEqual(after(once));
        },
      ),
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DeltaKind, Outcome } from '@ledgerline/contracts';
import { correctionMessage, correctionRun, deltasOf } from '../../test/corrections.js';
import { differenceOf, type Event, event, priced, run, type Streams, usageMessage, walk } from '../../test/log.js';
import { NAMED_SUMS, noSums, type Sums } from './sums.js';

const counted = fc.tuple(event, fc.constantFrom(Outcome.priced, Outcome.unpriced)).map(([given, outcome]): Event => ({ ...given, outcome, seconds: given.seconds / 4n }));

/** An event, and a correction of it that makes it another one. */
function corrected(before: Event, after: Event): Streams {
  const recorded = usageMessage([before], 1);
  const correction = correctionMessage([before.id], 2);
  const deltas = deltasOf([
    { event: before, retracts: true, version: 0 },
    { event: { ...after, id: before.id, customer: before.customer }, retracts: false, version: 1 },
  ]);
  return { usage: [recorded, correction], priced: [priced([run([before], recorded)], 1, 0), priced([correctionRun(correction, [Outcome.applied], deltas)], 2, 1)] };
}

function sumsOf({ tokens, seconds, outcome, cost }: Event): Sums {
  const sums = noSums();
  sums.events = 1n;
  if (outcome === Outcome.unpriced) sums.unpriced = 1n;
  else sums.costPicoUsd = cost;
  sums.quantities[0] = BigInt(tokens);
  sums.quantities[11] = seconds;
  return sums;
}

describe('walking corrections', () => {
  it('adds up to what the last correction says, whatever was counted before', async () => {
    await fc.assert(
      fc.asyncProperty(counted, counted, async (before, after) => {
        const result = await walk(corrected(before, after));
        if (!result.ok) throw new Error(JSON.stringify(result.difference));
        for (const { name, of } of NAMED_SUMS) expect([name, of(result.ledger.counted)]).toEqual([name, of(sumsOf(after))]);
        expect(result.ledger).toMatchObject({ usageEvents: 1n, corrections: 1n, rows: 3n, originals: 1n });
        expect(result.ledger.outcomes[Outcome.applied]).toBe(1n);
      }),
      { numRuns: 50 },
    );
  });

  it('adds up to nothing when the event is voided, but for its rows', async () => {
    const before: Event = { id: new Uint8Array(16), customer: 'acme', tokens: 5, seconds: 7n, occurredAtUs: 1e15, outcome: Outcome.priced, cost: 2n ** 70n };
    const streams = corrected(before, before);
    const [recorded] = streams.priced;
    const voided = correctionRun(streams.usage[1]!, [Outcome.applied], deltasOf([{ event: before, kind: DeltaKind.voided, retracts: true, version: 0 }]));
    const result = await walk({ ...streams, priced: [recorded!, priced([voided], 2, 1)] });
    expect(result).toMatchObject({ ok: true, ledger: { counted: noSums(), rows: 2n, originals: 1n } });
  });

  it('takes a credit as money alone', async () => {
    const credit: Event = { id: new Uint8Array(16), customer: 'acme', tokens: 0, seconds: 0n, occurredAtUs: 1e15, outcome: Outcome.priced, cost: 9n };
    const message = correctionMessage([credit.id], 1);
    const run = correctionRun(message, [Outcome.applied], deltasOf([{ event: credit, kind: DeltaKind.credited, retracts: true, version: 0 }]));
    const result = await walk({ usage: [message], priced: [priced([run], 1, 0)] });
    expect(result).toMatchObject({ ok: true, ledger: { counted: { ...noSums(), costPicoUsd: -9n }, rows: 1n, originals: 0n } });
  });

  it('counts signed rows that a message with usage sets free', async () => {
    await fc.assert(
      fc.asyncProperty(counted, counted, async (before, after) => {
        const recorded = usageMessage([before], 1);
        const deltas = deltasOf([{ event: before, retracts: true, version: 0 }, { event: { ...after, id: before.id }, retracts: false, version: 1 }]);
        const result = await walk({ usage: [recorded], priced: [priced([{ ...run([before], recorded), deltas }], 1, 0)] });
        expect(result).toMatchObject({ ok: true, ledger: { rows: 3n, originals: 1n, corrections: 0n } });
      }),
      { numRuns: 20 },
    );
  });

  it('sees a correction without an outcome, and an outcome that no correction can have', async () => {
    const message = correctionMessage([new Uint8Array(16), new Uint8Array(16)], 1);
    const decided = (outcomes: number[]): Promise<string> => differenceOf({ usage: [message], priced: [priced([correctionRun(message, outcomes)], 1, 0)] });
    expect(await decided([Outcome.applied, Outcome.refused])).toBe('none');
    expect(await decided([Outcome.applied])).toBe('Outcomes of corrections in PRICED: correction_count');
    expect(await decided([Outcome.applied, Outcome.priced])).toBe('Outcomes of corrections in PRICED: outcome');
  });

  it('sees usage that passes for a correction, and a correction that passes for usage', async () => {
    const message = correctionMessage([new Uint8Array(16)], 1);
    const decided = correctionRun(message, [Outcome.applied]);
    expect(await differenceOf({ usage: [{ ...message, subject: 'ledgerline.usage.g1.p0' }], priced: [priced([decided], 1, 0)] })).toBe('USAGE message kept in PRICED: correction');
    expect(await differenceOf({ usage: [message], priced: [priced([{ ...decided, undecodable: true, outcomes: Uint8Array.of(Outcome.quarantined) }], 1, 0)] })).toBe('USAGE message: undecodable');
  });
});

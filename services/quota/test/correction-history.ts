import { DeltaKind, type PricedRun } from '@ledgerline/contracts';
import fc from 'fast-check';
import { correctionRunOf, deltasOf, runOf, type TestDelta, type TestEvent } from './priced-feed.js';

/** What an event should be: its quantities and cost (undefined: unpriced), or null when it never happened. */
export type Target = Pick<TestEvent, 'usage' | 'cost'> | null;

/** One step in the life of some events of one partition. */
export type Step =
  | { readonly kind: 'record'; readonly event: TestEvent; /** Corrections that waited for it. */ readonly parked: readonly Target[] }
  | { readonly kind: 'correct'; readonly which: number; readonly target: Target }
  | { readonly kind: 'credit'; readonly customer: string; readonly amount: bigint; readonly occurredAt: string };

const costs = fc.option(fc.oneof(fc.bigInt({ min: 0n, max: 10n ** 9n }), fc.bigInt({ min: 2n ** 52n, max: 2n ** 100n })), { nil: undefined });
const usage = fc.dictionary(fc.constantFrom('input_tokens', 'output_tokens', 'characters', 'requests', 'images'), fc.maxSafeNat()).chain((counts) =>
  fc.dictionary(fc.constantFrom('seconds', 'credits'), fc.bigInt({ min: 0n, max: 9n * 10n ** 18n })).map((nanos) => ({ ...counts, ...nanos })),
);
const state = fc.record({ usage, cost: costs });
const target = fc.option(state, { nil: null, freq: 4 });
const occurredAt = fc.constantFrom('2023-10-31T23:59:59.999Z', '2023-11-01T00:00:00Z', '2023-11-16T18:17:03.979Z');

/** Histories of events, whatever becomes of them, of these customers. */
export const histories = (customers: readonly string[]): fc.Arbitrary<Step[]> => {
  const event = fc
    .tuple(fc.record({ customer: fc.constantFrom(...customers), provider: fc.constantFrom('openai', ''), model: fc.constantFrom('m1', 'm2'), occurredAt }), state)
    .map(([names, amounts]): TestEvent => ({ ...names, ...amounts }));
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('record' as const), event, parked: fc.array(target, { maxLength: 2 }) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('correct' as const), which: fc.nat({ max: 30 }), target }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('credit' as const), customer: fc.constantFrom(...customers), amount: fc.bigInt({ min: 1n, max: 10n ** 20n }), occurredAt }) },
  );
  return fc.array(step, { minLength: 1, maxLength: 25 });
};

interface Life {
  readonly event: TestEvent;
  version: number;
  present: Target;
}

/** Takes back what an event is and states what it should be; nothing for one that never happened already. */
function corrected(life: Life, to: Target): TestDelta[] {
  if (life.present === null) return [];
  const kind = to === null ? DeltaKind.voided : DeltaKind.adjusted;
  const { customer, provider, model, occurredAt } = life.event;
  const names = { customer, provider, model, occurredAt, kind };
  const rows: TestDelta[] = [{ ...names, ...life.present, retracts: true, version: life.version }];
  life.version += 1;
  if (to !== null) rows.push({ ...names, ...to, version: life.version });
  life.present = to;
  return rows;
}

/** A history as pricing emits it, one run a step from source 1 on, and what its events should be in the end. */
export function playedOut(partition: number, steps: readonly Step[]): { runs: PricedRun[]; net: TestDelta[] } {
  const lives: Life[] = [];
  const credits: TestDelta[] = [];
  const runs = steps.map((step, i): PricedRun => {
    const source = i + 1;
    if (step.kind === 'record') {
      const life: Life = { event: step.event, version: 0, present: step.event };
      lives.push(life);
      const rows = step.parked.flatMap((to) => corrected(life, to));
      const run = runOf(source, partition, [step.event]);
      return rows.length > 0 ? { ...run, deltas: deltasOf(source, partition, rows) } : run;
    }
    if (step.kind === 'credit') {
      // Counts no quantity, whatever it is said to be for.
      const { customer, amount, occurredAt } = step;
      credits.push({ customer, provider: '', model: '', occurredAt, cost: -amount, kind: DeltaKind.credited });
      return correctionRunOf(source, partition, [{ ...credits.at(-1)!, usage: { input_tokens: 7 } }]);
    }
    const life = lives[step.which % Math.max(lives.length, 1)];
    const rows = life ? corrected(life, step.target) : [];
    const { deltas, ...run } = correctionRunOf(source, partition, rows.length > 0 ? rows : [{ customer: 'nobody' }]);
    return rows.length > 0 ? { ...run, deltas: deltas! } : run;
  });
  const net = lives.flatMap(({ event, present }) => (present === null ? [] : [{ ...event, usage: present.usage, cost: present.cost }]));
  return { runs, net: [...net, ...credits] };
}

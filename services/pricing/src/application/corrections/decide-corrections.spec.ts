import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Correction, decodeUsageEnvelope, DeltaKind, encodeCorrectionEnvelope, Outcome, type PricedRun, usageIdText } from '@ledgerline/contracts';
import { type NetEvent, seedPriceBook } from '@ledgerline/domain-pricing';
import fc from 'fast-check';
import { addUp, correctionOf, type GivenCorrection } from '../../../test/corrections.js';
import { MemoryCorrectionLedger } from '../../../test/memory-correction-ledger.js';
import { RECORDED_AT_US, terms, usageEnvelope, usageIdOf, usageIdTextOf } from '../../../test/usage-events.js';
import { decideRun } from '../decide-run.js';
import { noChanges } from './correction-ledger.js';
import { decideCorrections } from './decide-corrections.js';
import { emptyRecord, type EventRecord } from './event-record.js';
import { recordedEvent } from './find-original.js';
import { projectCorrections } from './project-corrections.js';

const book = seedPriceBook();
const { applied, refused, duplicate, parked, quarantined } = Outcome;
const INPUT = 0;
const OUTPUT = 4;

/** Events a, b and c on record: 1,000 input tokens of gpt-4o each. */
const recorded = decideRun({ sequence: 1, timestampUs: RECORDED_AT_US, subject: '', data: usageEnvelope([{ id: 'a' }, { id: 'b' }, { id: 'c' }]) }, terms(), book, () => 0);
let records: Map<string, EventRecord>;
let sequence: number;

function send(...given: GivenCorrection[]): PricedRun {
  return decide(given.map(correctionOf));
}

function decide(corrections: Correction[]): PricedRun {
  for (const { usageId } of corrections) if (!records.has(usageIdText(usageId))) records.set(usageIdText(usageId), emptyRecord());
  const data = encodeCorrectionEnvelope({ generation: 1, partition: 0, corrections });
  return decideCorrections({ sequence: sequence++, timestampUs: RECORDED_AT_US, subject: '', data }, corrections, terms(), book, records);
}

const codes = ({ outcomes, reasons }: PricedRun): unknown[] => [[...outcomes], reasons.map(({ code }) => code)];

beforeEach(() => {
  sequence = 2;
  records = new Map(['a', 'b', 'c'].map((id, row) => [usageIdTextOf({ id }), { ...emptyRecord(), event: recordedEvent(recorded, row, book.version, terms()) }]));
});

describe('corrections of one message', () => {
  it('take back what was counted and state what counts instead', () => {
    const run = send({ of: 'a', kind: 'adjust', usage: { [INPUT]: 400n, [OUTPUT]: 10n } });
    expect([...run.outcomes]).toEqual([applied]);
    expect(run.deltas!.entries).toEqual([
      { kind: DeltaKind.adjusted, retracts: true, version: 0, correctionId: 'c-1', outcome: Outcome.priced, costPicoUsd: -5_000_000_000n, priceBookVersion: book.version },
      { kind: DeltaKind.adjusted, retracts: false, version: 1, correctionId: 'c-1', outcome: Outcome.priced, costPicoUsd: 2_150_000_000n, priceBookVersion: book.version },
    ]);
    const rows = decodeUsageEnvelope(run.deltas!.rows);
    expect([usageIdText(rows.usageIds, 0), rows.ids[0], rows.dictionary[rows.model[1]!]]).toEqual([usageIdTextOf({ id: 'a' }), 'a', 'gpt-4o']);
  });

  it('void an event once and for all', () => {
    const run = send({ of: 'a' }, { of: 'a', correctionId: 'c-2', kind: 'adjust', costUsd: '1' }, { of: 'a', correctionId: 'c-3' });
    expect(codes(run)).toEqual([[applied, refused, refused], ['already_void', 'already_void']]);
    expect(run.deltas!.entries).toHaveLength(1);
  });

  it('count once however often they are sent, by whom and when', () => {
    const once = { of: 'a', kind: 'refund', costUsd: '0.001' } as const;
    expect([...send(once, { ...once, costUsd: '0.0010', requestedBy: 'other', requestedAtUs: 5 }).outcomes]).toEqual([applied, duplicate]);
    expect(codes(send({ ...once, costUsd: '0.002' }))).toEqual([[refused], ['correction_conflict']]);
    expect([...send(once).outcomes]).toEqual([duplicate]);
  });

  it('of another customer, or of no event, find nothing', () => {
    expect(codes(send({ of: 'a', customerId: 'other' }, { of: 'never' }))).toEqual([[refused, refused], ['not_found', 'not_found']]);
    records.set(usageIdTextOf({ id: 'old' }), { ...emptyRecord(), forgotten: true });
    expect(codes(send({ of: 'old', awaitsOriginal: true }))).toEqual([[refused], ['past_retention']]);
  });

  it('wait for their original where they say so, once', () => {
    const wait = { of: 'later', awaitsOriginal: true };
    expect([...send(wait, wait).outcomes]).toEqual([parked, duplicate]);
    expect(records.get(usageIdTextOf({ id: 'later' }))!.parked).toHaveLength(1);
  });

  it('give credit as money alone, which can be taken back', () => {
    const credit = { of: 'cr-1', kind: 'credit', costUsd: '2.5' } as const;
    const run = send(credit, credit);
    expect([...run.outcomes]).toEqual([applied, duplicate]);
    expect(run.deltas!.entries).toEqual([expect.objectContaining({ kind: DeltaKind.credited, retracts: false, costPicoUsd: -2_500_000_000_000n })]);
    const taken = decide([{ ...correctionOf(credit), kind: 'void', correctionId: 'v-1' }]);
    expect([...addUp([run, taken]).values()]).toEqual([{ events: 0, unpriced: 0, costPico: 0n, usage: new Map() }]);
  });

  it('that ingest would not have let through are quarantined, and nothing else of the message', () => {
    const bad: [GivenCorrection, string][] = [
      [{ of: 'a', correctionId: '' }, 'correction_id'],
      [{ of: 'a', customerId: '' }, 'customer_id'],
      [{ of: 'a', kind: 'adjust', costUsd: 'x' }, 'cost_usd'],
      [{ of: 'a', kind: 'adjust', costUsd: '-1' }, 'cost_usd'],
      [{ of: 'a', kind: 'adjust', usage: { [INPUT]: 2n ** 60n } }, 'usage.input_tokens'],
      [{ of: 'cr', kind: 'credit' }, 'cost_usd'],
      [{ of: 'cr', kind: 'credit', costUsd: '1', occurredAtUs: RECORDED_AT_US + 400_000_000 }, 'occurred_at'],
      [{ of: 'cr', kind: 'credit', costUsd: '1', usageId: usageIdOf({ id: 'cr' }) }, 'usage_id'],
    ];
    for (const [given, field] of bad) {
      const run = send(given, { of: 'b', kind: 'void' });
      expect([...run.outcomes]).toEqual([quarantined, run.outcomes[1]!]);
      expect(run.reasons[0]!.detail).toMatch(field);
    }
  });

  it('that do not fit a message together are refused and fit alone', () => {
    const tags = (of: string): string => JSON.stringify(Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`k${i}`.padEnd(128, 'x'), of.padEnd(500, '.')])));
    const ids = Array.from({ length: 20 }, (_, n) => `wide-${n}`);
    for (const id of ids) {
      const run = decideRun({ sequence: 1, timestampUs: RECORDED_AT_US, subject: '', data: usageEnvelope([{ id, tags: tags(id) }]) }, terms(), book, () => 0);
      records.set(usageIdTextOf({ id }), { ...emptyRecord(), event: recordedEvent(run, 0, book.version, terms()) });
    }
    const run = send(...ids.map((of): GivenCorrection => ({ of, kind: 'adjust', costUsd: '1' })));
    const first = run.outcomes.indexOf(refused);
    expect(first).toBeGreaterThan(0);
    expect(run.reasons[0]).toMatchObject({ index: first, code: 'too_large' });
    expect(run.deltas!.rows.length).toBeLessThan(600_000);
    expect([...send({ of: ids[first]!, correctionId: 'again', kind: 'adjust', costUsd: '1' }).outcomes]).toEqual([applied]);
  });
});

const amounts = fc.dictionary(fc.constantFrom('0', '4', '11'), fc.bigInt({ min: 0n, max: 5_000n }), { maxKeys: 3 });
const corrections: fc.Arbitrary<GivenCorrection> = fc.record({
  of: fc.constantFrom('a', 'b', 'c', 'd'),
  correctionId: fc.constantFrom('1', '2', '3', '4', '5', '6'),
  kind: fc.constantFrom('adjust', 'adjust', 'refund', 'void', 'reprice'),
  usage: fc.option(amounts, { nil: undefined }),
  costUsd: fc.constantFrom('', '', '0', '0.000001', '3'),
  status: fc.constantFrom('ok', 'error', null),
});

describe('any corrections', () => {
  it('add up to the net state of each event, and leave a ledger that decides alike after a restart', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(corrections, { minLength: 1, maxLength: 6 }), { maxLength: 8 }), async (messages) => {
        sequence = 2;
        records = new Map(['a', 'b', 'c'].map((id, row) => [usageIdTextOf({ id }), { ...emptyRecord(), event: recordedEvent(recorded, row, book.version, terms()) }]));
        const ledger = new MemoryCorrectionLedger();
        const runs = [recorded];
        for (const [n, message] of messages.entries()) {
          const run = send(...message);
          runs.push(run);
          const changes = noChanges();
          projectCorrections(run, terms(), changes);
          await ledger.save(n, n + 1, changes);
        }
        const sums = addUp(runs);
        for (const [usageId, { event, seen }] of records) {
          expect(added(sums.get(usageId))).toEqual(event ? expected(event.net) : undefined);
          const kept = ledger.records.get(usageId);
          expect(kept?.seen ?? new Map()).toEqual(seen);
          if (kept?.event) expect(kept.event.net).toEqual(event!.net);
          else expect(event?.net.version ?? 0).toBe(0);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('sent again in any order change nothing', () => {
    fc.assert(
      fc.property(fc.array(corrections, { minLength: 1, maxLength: 12 }), fc.infiniteStream(fc.nat()), (given, order) => {
        records = new Map(['a', 'b', 'c'].map((id, row) => [usageIdTextOf({ id }), { ...emptyRecord(), event: recordedEvent(recorded, row, book.version, terms()) }]));
        send(...given);
        const before = new Map([...records].map(([usageId, { event }]) => [usageId, event?.net]));
        const again = [...given].sort(() => (order.next().value! % 3) - 1);
        const run = send(...again);
        expect(run.deltas).toBeUndefined();
        for (const outcome of run.outcomes) expect([duplicate, refused]).toContain(outcome);
        for (const [usageId, net] of before) expect(records.get(usageId)!.event?.net).toEqual(net);
      }),
    );
  });
});

/** Amounts of 0 are as good as none in a sum. */
const positive = (usage: ReadonlyMap<number, bigint>): unknown => [...usage].filter(([, amount]) => amount !== 0n).sort(([a], [b]) => a - b);
const added = (sum: ReturnType<typeof addUp> extends Map<string, infer Sum> ? Sum | undefined : never): unknown => sum && { ...sum, usage: positive(sum.usage) };

function expected({ voided, usage, costPico }: NetEvent): unknown {
  if (voided) return { events: 0, unpriced: 0, costPico: 0n, usage: [] };
  return { events: 1, unpriced: costPico === null ? 1 : 0, costPico: costPico ?? 0n, usage: positive(usage) };
}

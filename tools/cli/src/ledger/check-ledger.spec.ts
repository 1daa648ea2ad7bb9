import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkLedger, type CountedEvent, type EventsById, type HeldEvent } from './check-ledger.js';
import { type LedgerEntry, LedgerFormatError, parseLedgerLine } from './ledger-line.js';

const ID = '00112233-4455-6677-8899-aabbccddeeff';
const idOf = (n: number): string => `00000000-0000-0000-0000-${n.toString(16).padStart(12, '0')}`;

/** A stack that has these, and notes how many it was asked for at once. */
class Known implements EventsById {
  readonly asked: number[] = [];

  constructor(
    private readonly events: ReadonlyMap<string, CountedEvent>,
    private readonly kept: ReadonlyMap<string, HeldEvent> = new Map(),
  ) {}

  counted(ids: readonly string[]): Promise<Map<string, CountedEvent>> {
    this.asked.push(ids.length);
    return Promise.resolve(new Map(ids.filter((id) => this.events.has(id)).map((id) => [id, this.events.get(id)!])));
  }

  held(ids: readonly string[]): Promise<Map<string, HeldEvent>> {
    return Promise.resolve(new Map(ids.filter((id) => this.kept.has(id)).map((id) => [id, this.kept.get(id)!])));
  }
}

const ledger = async function* (entries: readonly (LedgerEntry | null)[]): AsyncGenerator<LedgerEntry | null> {
  yield* entries;
};

const state = fc.constantFrom('once', 'unpriced', 'twice', 'held', 'gone');

describe('a producer\'s ledger', () => {
  it('is borne out exactly where each event is there once, however it is cut into batches', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(state, { maxLength: 30 }), fc.integer({ min: 1, max: 7 }), async (states, batch) => {
        const events = new Map<string, CountedEvent>();
        const kept = new Map<string, HeldEvent>();
        states.forEach((is, n) => {
          if (is === 'held') kept.set(idOf(n), { outcome: 'quarantined', code: 'conflict' });
          else if (is !== 'gone') events.set(idOf(n), { copies: is === 'twice' ? 2 : 1, costPicoUsd: is === 'unpriced' ? null : 5n, usage: [] });
        });
        const known = new Known(events, kept);
        const report = await checkLedger(ledger(states.map((_, n) => ({ line: n + 1, usageId: idOf(n) }))), known, batch);
        const count = (is: string): number => states.filter((each) => each === is).length;
        expect(report).toMatchObject({ acknowledged: states.length, priced: count('once'), unpriced: count('unpriced'), problems: { missing: count('gone'), doubled: count('twice'), different: 0 } });
        expect(report.held.get('quarantined: conflict') ?? 0).toBe(count('held'));
        expect(report.first.map(({ line, kind }) => [line, kind])).toEqual(states.flatMap((is, n) => (is === 'gone' ? [[n + 1, 'missing']] : is === 'twice' ? [[n + 1, 'doubled']] : [])));
        for (const asked of known.asked) expect(asked).toBeLessThanOrEqual(batch);
      }),
    );
  });

  it('names the number that is not what the ledger says, to the last digit', async () => {
    const known = new Known(new Map([[ID, { copies: 1, costPicoUsd: 75_000_000_001n, usage: [7n] }], [idOf(1), { copies: 1, costPicoUsd: null, usage: [] }]]));
    const lines = [`{"usage_id":"${ID}","cost_usd":"0.075"}`, `{"usage_id":"${ID}","usage":{"input_tokens":8}}`, `{"usage_id":"${ID}","cost_usd":"0.075000000001","usage":{"input_tokens":"7"}}`, `{"usage_id":"${idOf(1)}","cost_usd":0}`];
    const report = await checkLedger(ledger(lines.map((text, n) => parseLedgerLine(text, n + 1, undefined))), known);
    expect(report.first.map(({ line, detail }) => `${line}: ${detail}`)).toEqual([
      '1: cost_usd should be 0.075 but is 0.075000000001',
      '2: input_tokens should be 8 but is 7',
      '4: cost_usd should be 0 but is unknown',
    ]);
  });

  it('takes the answers of ingest as they are, passes over what was not acknowledged, and computes an identity where none is given', () => {
    expect(parseLedgerLine(`{"index":0,"usage_id":"${ID.toUpperCase()}","status":"accepted"}`, 1, undefined)).toEqual({ line: 1, usageId: ID });
    expect(parseLedgerLine(`{"index":0,"usage_id":"${ID}","status":"unknown","id":"e1"}`, 1, undefined)).toBeNull();
    const identify = ({ customer, source, id }: { customer: string; source: string; id: string }): string => `${customer}/${source}/${id}`;
    expect(parseLedgerLine('{"customer_id":"acme","id":"e1"}', 3, identify)?.usageId).toBe('acme/api/e1');
  });

  it('names line and field of what is no ledger', () => {
    const wrong = (text: string): string => {
      try {
        parseLedgerLine(text, 9, undefined);
        return 'taken';
      } catch (error) {
        expect(error).toBeInstanceOf(LedgerFormatError);
        return (error as Error).message;
      }
    };
    expect(wrong('usage_id')).toBe('line 9: expected a JSON object');
    expect(wrong('{"usage_id":"e1"}')).toBe('line 9: usage_id: expected a UUID');
    expect(wrong('{"id":"e1"}')).toBe('line 9: expected usage_id, or customer_id and id');
    expect(wrong('{"customer_id":"acme","id":"e1"}')).toContain('USAGE_ID_KEY');
    expect(wrong(`{"usage_id":"${ID}","usage":{"token":1}}`)).toBe('line 9: usage.token: there is no such quantity');
    expect(wrong(`{"usage_id":"${ID}","cost_usd":"1e-3"}`)).toContain('cost_usd: expected a plain decimal number');
    expect(wrong(`{"usage_id":"${ID}","usage":5}`)).toMatch(/^line 9: usage: /);
  });
});

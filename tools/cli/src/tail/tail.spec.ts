import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DeltaKind, Outcome, usageIdText } from '@ledgerline/contracts';
import { correctionMessage, correctionRun, deltasOf } from '../../test/corrections.js';
import { build, type Event, log, priced, run, usageMessage } from '../../test/log.js';
import { itemJson } from './item-json.js';
import { itemText, printable } from './item-text.js';
import { readItems } from './read-items.js';
import { isShown, type TailItem } from './tail-item.js';

const itemsOf = (data: Uint8Array, sequence = 1): TailItem[] => [...readItems(data, 0, sequence, 5)];
const event: Event = { id: new Uint8Array(16).fill(1), customer: 'acme', tokens: 350, seconds: 1_500_000_000n, occurredAtUs: 1.7e15, outcome: Outcome.priced, cost: 10_500_000_000n };
const ID = usageIdText(event.id);

function correctedMessage(): Uint8Array {
  const message = correctionMessage([event.id], 2);
  const deltas = deltasOf([{ event, retracts: true, version: 0 }, { event: { ...event, tokens: 7, cost: 210_000_000n }, kind: DeltaKind.adjusted, retracts: false, version: 1 }]);
  return priced([correctionRun(message, [Outcome.applied], deltas)], 2, 1).data;
}

describe('what tail shows', () => {
  it('is every event of the log once, in its place, with its outcome', () => {
    fc.assert(
      fc.property(log, (given) => {
        const items = build(given).priced.flatMap(({ data, sequence }) => itemsOf(data, sequence));
        expect(items.map(({ sourceSequence, index }) => [sourceSequence, index])).toEqual(given.messages.flatMap((events, message) => events.map((_, index) => [message + 1, index])));
        items.forEach((item, at) => {
          const { outcome, cost, tokens, customer } = given.messages.flat()[at]!;
          expect(item).toMatchObject({ type: 'event', costPicoUsd: outcome === Outcome.priced ? cost : null, event: { customer, usage: { input_tokens: String(tokens) } } });
        });
      }),
      { numRuns: 30 },
    );
  });

  it('is a line for people: when, where, who, what, how much, and why not', () => {
    const message = usageMessage([event, { ...event, outcome: Outcome.quarantined }], 17);
    const decided = { ...run([event, { ...event, outcome: Outcome.quarantined }], message), reasons: [{ index: 1, code: 'conflict', detail: 'another event' }] };
    const [first, second] = itemsOf(priced([decided], 3, 16).data).map((item) => itemText(item, false));
    expect(first).toBe('1970-01-01T00:00:00.017Z  0:17.0        acme  openai/gpt-4  input_tokens 350, seconds 1.5  $0.0105  priced');
    expect(second).toBe('1970-01-01T00:00:00.017Z  0:17.1        acme  openai/gpt-4  input_tokens 350, seconds 1.5  -  quarantined: conflict  (another event)');
  });

  it('shows a correction, and what it takes back and states, readably', () => {
    expect(itemsOf(correctedMessage()).map((item) => itemText(item, false).slice(40))).toEqual([
      `acme  adjust of ${ID}  to input_tokens 7  by key: misread  applied`,
      'acme  openai/gpt-4  takes back version 0 (adjusted)  input_tokens -350, seconds -1.5  $-0.0105',
      'acme  openai/gpt-4  states version 1 (adjusted)  input_tokens 7, seconds 1.5  $0.00021',
    ]);
  });

  it('has the same in JSON, signed so that adding it up is net', () => {
    const items = itemsOf(correctedMessage()).map((item) => JSON.parse(itemJson(item)) as object);
    expect(items).toEqual([
      expect.objectContaining({ type: 'correction', usage_id: ID, correction_id: 'c2-0', kind: 'adjust', usage: { input_tokens: '7' }, outcome: 'applied', usage_sequence: 2, priced_sequence: 1 }),
      expect.objectContaining({ type: 'signed_row', event_count: -1, version: 0, usage: { input_tokens: '-350', seconds: '-1.5' }, cost_usd: '-0.0105', index: 1 }),
      expect.objectContaining({ type: 'signed_row', event_count: 1, version: 1, usage: { input_tokens: '7', seconds: '1.5' }, cost_usd: '0.00021', index: 2 }),
    ]);
  });

  it('says that a message cannot be read, and goes on', () => {
    expect(itemsOf(Uint8Array.of(255, 255))).toMatchObject([{ type: 'unreadable', outcome: 'unreadable' }]);
    const undecodable = { sourceSequence: 1, recordedAtUs: 5, usage: Uint8Array.of(1), undecodable: true, outcomes: Uint8Array.of(Outcome.quarantined), costs: new Uint8Array(16), reasons: [{ index: 0, code: 'undecodable', detail: 'no envelope' }] };
    expect(itemText(itemsOf(priced([undecodable], 1, 0).data)[0]!, false)).toContain('a message that cannot be read  quarantined: undecodable  (no envelope)');
  });

  it('lets no name from outside move the cursor or colour the terminal', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}]/u)));
    expect(printable('a\u001b[31mb\r\n')).toBe('a\\u001b[31mb\\u000d\\u000a');
  });

  it('is what the filters name', () => {
    const [correction, takenBack] = itemsOf(correctedMessage()) as [TailItem, TailItem];
    const [usage] = itemsOf(priced([run([event], usageMessage([event], 1))], 1, 0).data) as [TailItem];
    expect([{}, { customer: 'acme' }, { customer: 'zeta' }, { outcomes: ['priced'] }, { outcomes: ['applied', 'refused'] }].map((filter) => [usage, correction, takenBack].map((item) => isShown(item, filter)))).toEqual([
      [true, true, true], [true, true, true], [false, false, false], [true, false, false], [false, true, true],
    ]);
  });
});

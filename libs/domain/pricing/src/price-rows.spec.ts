import { describe, expect, it } from '@jest/globals';
import { divideHalfEven, formatUsd, MAX_COUNT, parseDecimal9, parseUsd, QUANTITY_BY_NAME, type Quantity } from '@ledgerline/kernel';
import fc from 'fast-check';
import { PriceBook } from './price-book.js';
import { INTERNAL_PROVIDER, type PriceableColumns, priceEvent, priceRows, type PriceSource } from './price-rows.js';
import { seedPriceBook } from './seed-price-book.js';

interface Use {
  provider: string;
  model: string;
  usage: Partial<Record<Quantity, string>>;
  clientCost?: string;
  at?: number;
}
const NOW = 1_700_000_000_000_000;

function columnsOf(uses: readonly Use[]): PriceableColumns {
  const dictionary = ['', ...new Set(uses.flatMap((use) => [use.provider, use.model, use.clientCost ?? '']))];
  const kinds = [...new Set(uses.flatMap((use) => Object.keys(use.usage)))].map((name) => QUANTITY_BY_NAME.get(name)!);
  return {
    count: uses.length,
    dictionary,
    provider: Uint32Array.from(uses, (use) => dictionary.indexOf(use.provider)),
    model: Uint32Array.from(uses, (use) => dictionary.indexOf(use.model)),
    occurredAtUs: Float64Array.from(uses, (use) => use.at ?? NOW),
    clientCost: Uint32Array.from(uses, (use) => dictionary.indexOf(use.clientCost ?? '')),
    quantities: kinds.map(({ name, index, decimal }) => ({
      quantity: index,
      values: decimal
        ? BigInt64Array.from(uses, (use) => (use.usage[name] === undefined ? -1n : parseDecimal9(use.usage[name])))
        : Float64Array.from(uses, (use) => Number(use.usage[name] ?? -1)),
    })),
  };
}

function costs(uses: readonly Use[], book: PriceBook = seedPriceBook()): (string | null)[] {
  const out: (string | null)[] = [];
  priceRows(book, columnsOf(uses), new Uint8Array(uses.length).fill(1), (row, pico) => {
    out[row] = pico === null ? null : formatUsd(BigInt(pico));
  });
  return out;
}

describe('the first price book', () => {
  it.each<[string, string, Use['usage'], string]>([
    ['openai', 'gpt-4', { input_tokens: '1500', output_tokens: '500' }, '0.075'],
    ['openai', 'gpt-3.5-turbo', { input_tokens: '1', output_tokens: '1' }, '0.000002'],
    ['anthropic', 'claude-3-opus-20240229', { input_tokens: '1000000' }, '15'],
    ['openai', 'gpt-4o-2024-05-13', { output_tokens: '1' }, '0.000015'],
    ['openai', 'gpt-4o', { reasoning_tokens: '1000' }, '0.015'],
    ['elevenlabs', 'eleven_multilingual_v2', { characters: '19' }, '0.00057'],
    ['smartflo', 'voice', { seconds: '300' }, '0.1'],
    ['smartflo', 'voice', { seconds: '7' }, '0.002333333333'],
    ['firecrawl', 'scrape', { credits: '1.5' }, '0.0015'],
    ['openai', 'gpt-4o', { input_tokens: '1300', cached_input_tokens: '200', output_tokens: '500' }, '0.015'],
    ['anthropic', 'claude-3-opus', { cached_input_tokens: '1000000', cache_write_5m_tokens: '1000000' }, '20.25'],
    ['openai', 'gpt-4', {}, '0'],
    ['nobody', 'nothing', {}, '0'],
  ])('prices %s %s %p at %s', (provider, model, usage, expected) => {
    expect(costs([{ provider, model, usage }])).toEqual([expected]);
  });

  it('leaves unpriced what it has no price for, instead of calling it free', () => {
    expect(
      costs([
        { provider: 'openai', model: 'gpt-4', usage: { input_tokens: '1', cache_write_5m_tokens: '1' } },
        { provider: 'openai', model: 'gpt-4-32k', usage: { input_tokens: '1' } },
        { provider: 'anthropic', model: 'gpt-4', usage: { input_tokens: '1' } },
        { provider: 'openai', model: 'gpt-4', usage: { input_tokens: '0', cache_write_5m_tokens: '0' } },
      ]),
    ).toEqual([null, null, null, '0']);
  });

  it('names the configured price in its version, so that no two books share one', () => {
    expect(seedPriceBook('0.0020').version).not.toBe(seedPriceBook().version);
    expect(() => seedPriceBook('a lot')).toThrow('plain decimal');
  });
});

describe("the platform's own APIs", () => {
  const book = new PriceBook('v', [{ provider: INTERNAL_PROVIDER, model: 'tts', quantity: 'units', usd: '0.5', per: 1, effectiveFromUs: 0 }]);
  const priced = (use: Use) => {
    let out: [string | null, PriceSource] | null = null;
    priceRows(book, columnsOf([use]), Uint8Array.of(1), (_, pico, source) => (out = [pico === null ? null : formatUsd(BigInt(pico)), source]));
    return out;
  };

  it('cost what the client states where the book has no price, and what the book says where it has one', () => {
    expect(priced({ provider: INTERNAL_PROVIDER, model: 'llm_query', usage: { units: '346' }, clientCost: '0.0043' })).toEqual(['0.0043', 'client']);
    expect(priced({ provider: INTERNAL_PROVIDER, model: 'tts', usage: { units: '2' }, clientCost: '0.0043' })).toEqual(['1', 'book']);
  });

  it('are unpriced where nobody states a cost; what a client states of others never counts', () => {
    expect(priced({ provider: INTERNAL_PROVIDER, model: 'llm_query', usage: { units: '346' } })).toEqual([null, 'book']);
    expect(priced({ provider: 'openai', model: 'gpt-99', usage: { input_tokens: '1' }, clientCost: '0' })).toEqual([null, 'book']);
  });

  it('are estimated alike', () => {
    const event = { provider: INTERNAL_PROVIDER, model: 'llm_query', occurredAtUs: NOW, clientCost: '0.0043', quantities: [[QUANTITY_BY_NAME.get('units')!.index, 1n]] as const };
    expect(priceEvent(book, event)).toBe(parseUsd('0.0043'));
    expect(priceEvent(book, { ...event, provider: 'openai' })).toBeNull();
  });
});

describe('a price', () => {
  const from = (effectiveFromUs: number, usd: string) =>
    ({ provider: 'p', model: 'm', quantity: 'input_tokens', usd, per: 1, effectiveFromUs }) as const;

  it('is the one in force when the event occurred, whatever order the book was written in', () => {
    const book = new PriceBook('v', [from(200, '2'), from(100, '1'), from(300, '3')]);
    const uses = [99, 100, 199, 200, 300, 1000].map((at) => ({ provider: 'p', model: 'm', usage: { input_tokens: '1' as const }, at }));
    expect(costs(uses, book)).toEqual([null, '1', '1', '2', '3', '3']);
  });

  it('never depends on the batch that an event is priced in', () => {
    const use = fc.record({
      provider: fc.constantFrom('openai', 'anthropic', 'x'),
      model: fc.constantFrom('gpt-4', 'gpt-4o', 'claude-3-haiku'),
      usage: fc.record(
        { input_tokens: fc.maxSafeNat().map(String), output_tokens: fc.nat().map(String), cached_input_tokens: fc.nat(1).map(String) },
        { requiredKeys: [] },
      ),
    });
    fc.assert(fc.property(fc.array(use, { minLength: 1, maxLength: 10 }), (uses) => expect(uses.flatMap((one) => costs([one]))).toEqual(costs(uses))));
  });

  it('gives exact lines: half-even at 1e-12, with no limit to the amount', () => {
    fc.assert(
      fc.property(fc.nat({ max: MAX_COUNT }), fc.bigInt({ min: 0n, max: 10n ** 18n }), fc.integer({ min: 1, max: 1_000_000 }), (amount, pico, per) => {
        const book = new PriceBook('v', [{ ...from(0, formatUsd(pico)), per }]);
        expect(costs([{ provider: 'p', model: 'm', usage: { input_tokens: String(amount) } }], book)).toEqual([
          formatUsd(divideHalfEven(BigInt(amount) * pico, BigInt(per))),
        ]);
      }),
    );
    expect(parseUsd(costs([{ provider: 'openai', model: 'gpt-4', usage: { input_tokens: String(MAX_COUNT), output_tokens: '1' } }])[0]!)).toBe(
      BigInt(MAX_COUNT) * 30_000_000n + 60_000_000n,
    );
  });
});

import { formatUsd, parseUsd, type Quantity } from '@ledgerline/kernel';
import { PriceBook, type Price } from './price-book.js';

/** Dollars for one credit of Firecrawl, where nothing else is configured: $1 for 1,000 credits. */
export const DEFAULT_FIRECRAWL_USD_PER_CREDIT = '0.001';

/** The documents that state these prices give no dates: they hold from the earliest time an event can have. */
const FROM_2000_US = 946_684_800_000_000;

/** US dollars for a million tokens: input, output. */
const TOKEN_PRICES: readonly (readonly [provider: string, model: string, input: string, output: string])[] = [
  ['openai', 'gpt-4', '30', '60'],
  ['openai', 'gpt-4-turbo', '10', '30'],
  ['openai', 'gpt-3.5-turbo', '0.50', '1.50'],
  ['openai', 'gpt-4o', '5', '15'],
  ['openai', 'gpt-4o-mini', '0.15', '0.60'],
  ['anthropic', 'claude-3-opus', '15', '75'],
  ['anthropic', 'claude-3-sonnet', '3', '15'],
  ['anthropic', 'claude-3-haiku', '0.25', '1.25'],
  ['anthropic', 'claude-3-5-sonnet', '3', '15'],
  ['google', 'gemini-pro', '0.50', '1.50'],
  ['google', 'gemini-pro-vision', '0.50', '1.50'],
];

/** US dollars for a million tokens of Anthropic's prompt cache, as published: read, written for five minutes. */
const CACHE_PRICES: readonly (readonly [model: string, read: string, write: string])[] = [
  ['claude-3-opus', '1.50', '18.75'],
  ['claude-3-haiku', '0.03', '0.30'],
  ['claude-3-5-sonnet', '0.30', '3.75'],
];

/**
 * The first price book: the prices of the integration guide (tokens) and of the metering guide
 * (ElevenLabs $0.30 for 10,000 characters, Smartflo $0.02 a minute), those of Anthropic's prompt cache, and Firecrawl's credit as configured.
 *
 * @param firecrawlUsdPerCredit plain decimal, up to 12 places; part of the version, as another price is another book
 * @throws DecimalError when it is none
 */
export function seedPriceBook(firecrawlUsdPerCredit: string = DEFAULT_FIRECRAWL_USD_PER_CREDIT): PriceBook {
  const credit = formatUsd(parseUsd(firecrawlUsdPerCredit));
  const price = (provider: string, model: string, quantity: Quantity, usd: string, per: number): Price => ({
    provider,
    model,
    quantity,
    usd,
    per,
    effectiveFromUs: FROM_2000_US,
  });
  return new PriceBook(`seed-2/firecrawl-${credit}`, [
    ...TOKEN_PRICES.flatMap(([provider, model, input, output]) => [
      price(provider, model, 'input_tokens', input, 1_000_000),
      price(provider, model, 'output_tokens', output, 1_000_000),
    ]),
    ...CACHE_PRICES.flatMap(([model, read, write]) => [
      price('anthropic', model, 'cached_input_tokens', read, 1_000_000),
      price('anthropic', model, 'cache_write_5m_tokens', write, 1_000_000),
    ]),
    price('elevenlabs', '*', 'characters', '0.30', 10_000),
    price('smartflo', '*', 'seconds', '0.02', 60),
    price('firecrawl', '*', 'credits', credit, 1),
  ]);
}

import { QUANTITIES } from '@ledgerline/kernel';
import { type UsageView } from './usage-view.js';

const namesOf = (...parts: string[]): string[] => QUANTITIES.map(({ name }) => name as string).filter((name) => name.endsWith('_tokens') && parts.some((part) => name.startsWith(part)));

/** What adds up to all tokens that went in. */
export const INPUT_QUANTITIES = namesOf('input_', 'cached_input_', 'cache_write_');
/** What adds up to all tokens that came out. */
export const OUTPUT_QUANTITIES = namesOf('output_', 'reasoning_');

const sum = ({ usage }: Pick<UsageView, 'usage'>, names: readonly string[]): number => names.reduce((total, name) => total + Number(usage[name] ?? 0), 0);

/** All tokens that went in, those of the cache among them. */
export const inputTokens = (view: Pick<UsageView, 'usage'>): number => sum(view, INPUT_QUANTITIES);

/** All tokens that came out, reasoning among them. */
export const outputTokens = (view: Pick<UsageView, 'usage'>): number => sum(view, OUTPUT_QUANTITIES);

/** Tokens read from a cache; undefined where nobody said. */
export const cachedTokens = ({ usage }: Pick<UsageView, 'usage'>): number | undefined => (usage['cached_input_tokens'] === undefined ? undefined : Number(usage['cached_input_tokens']));

/**
 * Quantities of a call whose cached tokens are part of its input, as OpenAI counts them: here no token is in two quantities.
 * `cached` must not be above `input`.
 */
export function cachedInside(input: number | undefined, cached: number | undefined): { input_tokens?: number; cached_input_tokens?: number } {
  return {
    ...(input === undefined ? {} : { input_tokens: input - (cached ?? 0) }),
    ...(cached === undefined ? {} : { cached_input_tokens: cached }),
  };
}

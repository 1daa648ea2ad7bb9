const NAMES = [
  'input_tokens',
  'cached_input_tokens',
  'cache_write_5m_tokens',
  'cache_write_1h_tokens',
  'output_tokens',
  'reasoning_tokens',
  'input_audio_tokens',
  'output_audio_tokens',
  'input_image_tokens',
  'output_image_tokens',
  'characters',
  'seconds',
  'credits',
  'images',
  'pages',
  'searches',
  'requests',
  'units',
] as const;

/** A kind of usage. The kinds are disjoint: no token is counted in two of them. */
export type Quantity = (typeof NAMES)[number];

export interface QuantityKind {
  readonly name: Quantity;
  /** Bit in a usage mask and place in arrays; one less than the number on the wire. */
  readonly index: number;
  /** True: up to nine decimal places, an integer of 1e-9 on the inside. False: a whole number. */
  readonly decimal: boolean;
}

const DECIMAL: readonly string[] = ['seconds', 'credits', 'units'];

/** All quantities, in wire order. */
export const QUANTITIES: readonly QuantityKind[] = NAMES.map((name, index) => ({
  name,
  index,
  decimal: DECIMAL.includes(name),
}));

export const QUANTITY_COUNT = QUANTITIES.length;

/** Quantity by name; undefined for a name that is none. */
export const QUANTITY_BY_NAME: ReadonlyMap<string, QuantityKind> = new Map(QUANTITIES.map((kind) => [kind.name, kind]));

/** The quantities that the metric `tokens` adds up. */
export const TOKEN_QUANTITIES: readonly QuantityKind[] = QUANTITIES.filter((kind) => kind.name.endsWith('_tokens'));

/** Whole numbers up to 2^53-1 are exact in JSON and in a double. */
export const MAX_COUNT = Number.MAX_SAFE_INTEGER;

/** Largest decimal quantity, so that its 1e-9 units fit a signed 64-bit integer. */
export const MAX_DECIMAL = 9_000_000_000;

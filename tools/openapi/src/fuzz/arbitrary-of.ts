import fc, { type Arbitrary } from 'fast-check';

type Schema = Readonly<Record<string, unknown>>;

/** What a document's named schemas are. */
export type Schemas = Readonly<Record<string, object>>;

/** Plausible values by the name of a field or parameter, which are taken more often than what the schema alone would give. */
export type Hints = Readonly<Record<string, Arbitrary<unknown>>>;

const LONGEST = 40;
const MOST_ITEMS = 4;
const FROM = new Date('1999-12-01T00:00:00Z');
const TO = new Date('2035-01-01T00:00:00Z');

/** Values that a schema (2020-12, as far as the document uses it) calls valid. */
export class Arbitraries {
  constructor(
    private readonly schemas: Schemas,
    private readonly hints: Hints,
  ) {}

  of(schema: Schema, name = ''): Arbitrary<unknown> {
    const plain = this.bySchema(schema, name);
    const hint = this.hints[name];
    return hint ? fc.oneof({ arbitrary: hint, weight: 4 }, { arbitrary: plain, weight: 1 }) : plain;
  }

  private bySchema(schema: Schema, name: string): Arbitrary<unknown> {
    const reference = schema['$ref'] as string | undefined;
    if (reference !== undefined) return this.of(this.schemas[reference.slice(reference.lastIndexOf('/') + 1)] as Schema, name);
    const choices = (schema['anyOf'] ?? schema['oneOf']) as Schema[] | undefined;
    if (choices) return fc.oneof(...choices.map((choice) => this.bySchema(choice, name)));
    if ('const' in schema) return fc.constant(schema['const']);
    if (schema['enum']) return fc.constantFrom(...(schema['enum'] as unknown[]));
    const types = [schema['type'] ?? ['string', 'number', 'boolean', 'null', 'object']].flat() as string[];
    return fc.oneof(...types.map((type) => this.byType(type, schema)));
  }

  private byType(type: string, schema: Schema): Arbitrary<unknown> {
    if (type === 'null') return fc.constant(null);
    if (type === 'boolean') return fc.boolean();
    if (type === 'integer') return fc.oneof(integers(schema), fc.constantFrom(...bounds(schema)));
    if (type === 'number') return numbers(schema);
    if (type === 'string') return texts(schema);
    if (type === 'array') return this.arrays(schema);
    return this.objects(schema);
  }

  private arrays({ items, minItems = 0, maxItems = MOST_ITEMS, uniqueItems }: Schema): Arbitrary<unknown> {
    const size = { minLength: minItems as number, maxLength: Math.max(minItems as number, Math.min(maxItems as number, MOST_ITEMS)) };
    const one = this.of((items ?? {}) as Schema);
    return uniqueItems ? fc.uniqueArray(one, { ...size, maxLength: Math.min(size.maxLength, ((items as Schema)['enum'] as unknown[] | undefined)?.length ?? size.maxLength) }) : fc.array(one, size);
  }

  private objects({ properties = {}, required = [], additionalProperties, propertyNames = {} }: Schema): Arbitrary<unknown> {
    const known = fc.record(Object.fromEntries(Object.entries(properties as Record<string, Schema>).map(([name, inner]) => [name, this.of(inner, name)])), { requiredKeys: required as string[] });
    if (typeof additionalProperties !== 'object') return known;
    return fc.tuple(known, fc.dictionary(texts(propertyNames as Schema) as Arbitrary<string>, this.of(additionalProperties as Schema), { maxKeys: MOST_ITEMS })).map(([some, more]) => ({ ...more, ...some }));
  }
}

const lowest = ({ minimum, exclusiveMinimum }: Schema): number | undefined => (minimum ?? exclusiveMinimum) as number | undefined;

function bounds(schema: Schema): number[] {
  const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = schema as { minimum?: number; maximum?: number };
  return [minimum, maximum];
}

function integers(schema: Schema): Arbitrary<unknown> {
  const min = lowest(schema) ?? 0;
  const max = (schema['maximum'] as number | undefined) ?? Number.MAX_SAFE_INTEGER;
  return fc.oneof(fc.integer({ min, max: Math.min(max, min + 1_000) }), fc.bigInt({ min: BigInt(min), max: BigInt(max) }).map(Number));
}

function numbers(schema: Schema): Arbitrary<unknown> {
  const min = lowest(schema) ?? 0;
  const max = (schema['maximum'] as number | undefined) ?? 1e9;
  const inside = (value: number): boolean => value >= min && value <= max && !(schema['exclusiveMinimum'] !== undefined && value <= min);
  return fc.oneof(fc.integer({ min: Math.ceil(min), max: Math.floor(Math.min(max, 1e6)) }), fc.double({ min, max, noNaN: true })).filter(inside);
}

function texts({ pattern, format, minLength = 0, maxLength = LONGEST, exclusiveMinimum }: Schema): Arbitrary<unknown> {
  if (format === 'uuid') return fc.uuid();
  if (format === 'date-time') return fc.date({ min: FROM, max: TO, noInvalidDate: true }).map((date) => date.toISOString());
  if (format === 'email') return fc.stringMatching(/^[a-z]{1,8}@[a-z]{1,8}\.(com|org)$/);
  const [least, most] = [minLength as number, Math.min(maxLength as number, LONGEST)];
  const fits = (text: string): boolean => text.length >= least && text.length <= (maxLength as number) && (exclusiveMinimum === undefined || Number(text) > 0);
  if (typeof pattern !== 'string') return fc.string({ unit: 'grapheme', minLength: least, maxLength: most }).filter(fits);
  const matching = new RegExp(pattern);
  // A class that leaves control characters out: better of all characters than of those that a regular expression comes to first.
  if (pattern.startsWith('^[^')) return fc.string({ unit: 'grapheme', minLength: least, maxLength: most }).filter((text) => fits(text) && matching.test(text));
  return fc.stringMatching(matching).filter(fits);
}

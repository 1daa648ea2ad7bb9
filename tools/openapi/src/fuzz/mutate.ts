import fc, { type Arbitrary } from 'fast-check';

/** Values that are of the wrong kind nearly everywhere. */
export const JUNK: readonly unknown[] = [
  null, true, false, 0, -1, 1.5, 1e308, -0.000001, 9007199254740993, '', ' ', '\u0000', '\u007f', 'a\nb', '\ud800', '\udc00x', 'ÿ', '𝒳'.repeat(200), 'x'.repeat(257), 'x'.repeat(5_000),
  '1e3', '-1', '0', '00', '1.', '.5', '1'.repeat(60), '0.0000000000000000001', 'NaN', 'Infinity', '2024-02-30T00:00:00Z', '0000-00-00', '9999-12-31T23:59:60Z', "' OR 1=1 --", '{x:UInt8}', '%00', '../../etc/passwd', '<script>',
  '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', [], {}, [[]], [null], { a: { b: [] } }, ['read', 'read'],
];

export const junk: Arbitrary<unknown> = fc.oneof(fc.constantFrom(...JUNK), fc.jsonValue({ maxDepth: 2 }));

type Change = { readonly what: 'replace' | 'remove' | 'add' | 'wrap'; readonly where: number; readonly by: unknown };

const change: Arbitrary<Change> = fc.record({ what: fc.constantFrom('replace' as const, 'remove' as const, 'add' as const, 'wrap' as const), where: fc.nat(1_000), by: junk });

/** Valid JSON with one place of it changed. */
export const nearly = (valid: Arbitrary<unknown>): Arbitrary<unknown> => fc.tuple(valid, change).map(([value, one]) => changed(structuredClone(value), one));

interface Place {
  readonly of: Record<string, unknown>;
  readonly key: string;
}

function changed(value: unknown, { what, where, by }: Change): unknown {
  const places = placesIn(value);
  if (places.length === 0 || where % 10 === 9) return what === 'wrap' ? [value] : by;
  const { of, key } = places[where % places.length]!;
  if (what === 'remove') delete of[key];
  else if (what === 'add') Object.defineProperty(of, where % 3 === 0 ? '__proto__' : 'unknown_field', { value: by, enumerable: true, configurable: true });
  else of[key] = what === 'wrap' ? [of[key]] : by;
  return value;
}

function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const of = value as Record<string, unknown>;
  return Object.keys(of).flatMap((key) => [{ of, key }, ...placesIn(of[key])]);
}

/** One place where two records of the same usage do not agree. Values are exact decimal texts. */
export interface Difference {
  /** What was compared, e.g. `ClickHouse rows`. */
  readonly what: string;
  /** Where, e.g. `partition 3`. */
  readonly where: string;
  /** Which number, e.g. `cost_usd`. */
  readonly field: string;
  readonly expected: string;
  readonly found: string;
}

export const describeDifference = ({ what, where, field, expected, found }: Difference): string =>
  `${what}, ${where}: ${field} should be ${expected} but is ${found}`;

/** Two records contradict each other, so that going on would compare nonsense. */
export class Contradiction extends Error {
  constructor(readonly difference: Difference) {
    super(describeDifference(difference));
    this.name = 'Contradiction';
  }
}

/** @throws Contradiction unless both are the same */
export function must(what: string, where: string, field: string, expected: string | number, found: string | number): void {
  if (expected !== found) throw new Contradiction({ what, where, field, expected: String(expected), found: String(found) });
}

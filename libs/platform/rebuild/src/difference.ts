/** One place where a projection and the one built anew from the log do not agree. Values are exact decimal texts. */
export interface Difference {
  /** Where, for people: `customer "acme", 2026-01, openai/gpt-4`. */
  readonly where: string;
  /** Which number. */
  readonly field: string;
  /** What the projection in use says. */
  readonly inUse: string;
  /** What the log says. */
  readonly fromLog: string;
}

/** Where something that was held back lies: the row of a USAGE message. */
export interface HeldPosition {
  readonly generation: number;
  readonly partition: number;
  readonly sequence: number;
  readonly index: number;
}

const ID = /^g([1-9]\d{0,4})-p(0|[1-9]\d{0,4})-([1-9]\d{0,15})-(0|[1-9]\d{0,9})$/;

/** The public id of what was held back: `g1-p3-1042-0`. */
export const heldItemId = ({ generation, partition, sequence, index }: HeldPosition): string => `g${generation}-p${partition}-${sequence}-${index}`;

/** Null for a text that is no such id. Each position has one text. */
export function parseHeldItemId(text: string): HeldPosition | null {
  const match = ID.exec(text);
  if (!match) return null;
  const [generation, partition, sequence, index] = match.slice(1).map(Number) as [number, number, number, number];
  if (generation > 0xffff || partition > 0xffff || !Number.isSafeInteger(sequence) || index > 0xffff_ffff) return null;
  return { generation, partition, sequence, index };
}

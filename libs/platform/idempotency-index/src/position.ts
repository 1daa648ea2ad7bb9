/** Where an event lies in USAGE. */
export interface Position {
  sequence: number;
  row: number;
}

const ROW_BITS = 14;
const SEQUENCE_LOW = 2 ** (32 - ROW_BITS);

/*
 * A position is 64 bits: 50 of the sequence, 14 of the row, in two words.
 */
export function positionLow(sequence: number, row: number): number {
  return (((sequence % SEQUENCE_LOW) << ROW_BITS) | row) >>> 0;
}

export function positionHigh(sequence: number): number {
  return Math.floor(sequence / SEQUENCE_LOW);
}

export function sequenceOf(low: number, high: number): number {
  return high * SEQUENCE_LOW + (low >>> ROW_BITS);
}

export function positionFrom(low: number, high: number): Position {
  return { sequence: sequenceOf(low, high), row: low & ((1 << ROW_BITS) - 1) };
}

/** Sequences of one generation; more than a stream can hold, and the index has room for 1,024 generations of them. */
const GENERATION_SEQUENCES = 2 ** 40;

/**
 * A USAGE sequence as the index keeps it: an identity counted in an earlier generation must not look like one at the same sequence of this one.
 * In the first generation it is the sequence itself.
 */
export function indexedSequence(generation: number, sequence: number): number {
  return (generation - 1) * GENERATION_SEQUENCES + sequence;
}

/** Which generation's sequence the index means. */
export function fromIndexedSequence(indexed: number): { generation: number; sequence: number } {
  return { generation: Math.floor(indexed / GENERATION_SEQUENCES) + 1, sequence: indexed % GENERATION_SEQUENCES };
}

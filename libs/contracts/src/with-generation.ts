import { WireWriter } from './wire-writer.js';

/** Field 2 of both envelopes that lie in USAGE. */
const GENERATION = 2;

/**
 * The same UsageEnvelope or CorrectionEnvelope in another generation. The number is written behind everything else: of a field that
 * occurs twice, protobuf takes the last, so that what this code does not know of the envelope is kept as well.
 */
export function withGeneration(envelope: Uint8Array, generation: number): Uint8Array {
  const writer = new WireWriter(16);
  writer.uint(GENERATION, generation);
  const field = writer.finish();
  const stamped = new Uint8Array(envelope.length + field.length);
  stamped.set(envelope);
  stamped.set(field, envelope.length);
  return stamped;
}

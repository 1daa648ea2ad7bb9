import { decodePricedEnvelope } from '@ledgerline/contracts';
import { type ArchivedMessage } from './archived-message.js';

/**
 * What the archive says of a PRICED message beside its bytes.
 * @throws EnvelopeError when the bytes are no PRICED message
 */
export function describeMessage(sequence: number, timestampUs: number, data: Uint8Array): ArchivedMessage {
  const { sourceFrom, sourceTo, runs } = decodePricedEnvelope(data);
  return {
    sequence,
    timestampUs,
    data,
    sourceFrom,
    sourceTo,
    recordedFromUs: runs[0]!.recordedAtUs,
    recordedToUs: runs.at(-1)!.recordedAtUs,
    events: runs.reduce((sum, { outcomes }) => sum + outcomes.length, 0),
  };
}

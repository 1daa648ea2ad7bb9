import { type Checkpoint } from './batch-consumer.js';
import { type StreamState } from './read-stream.js';

/** The stream is not the one this consumer read: going on could lose or repeat messages silently. A person has to decide. */
export class PositionLostError extends Error {
  constructor(
    readonly stream: string,
    detail: string,
  ) {
    super(`${stream}: ${detail}. Consumption stopped; run \`npm run cli -- recover\``);
    this.name = 'PositionLostError';
  }
}

/**
 * Decides whether a consumer may go on behind its checkpoint.
 * @param digestAt digest of the message now stored at the checkpoint's sequence; null when there is none
 * @throws PositionLostError naming what differs
 */
export function checkPosition(stream: string, checkpoint: Checkpoint | undefined, state: StreamState, digestAt: string | null): void {
  const position = checkpoint?.sequence ?? 0;
  const lost = (detail: string) => new PositionLostError(stream, detail);
  if (checkpoint !== undefined && checkpoint.streamCreated !== '' && checkpoint.streamCreated !== state.created) {
    throw lost(`it was created at ${state.created}, but position ${position} was read from one created at ${checkpoint.streamCreated}`);
  }
  const highest = Math.max(position, checkpoint?.highestSeen ?? 0);
  if (state.lastSequence < highest) throw lost(`it ends at ${state.lastSequence}, but ${highest} has been seen: the broker lost acknowledged messages`);
  if (state.firstSequence > position + 1) {
    throw lost(`it begins at ${state.firstSequence}, but messages from ${position + 1} are still needed`);
  }
  if (checkpoint === undefined || position === 0 || position < state.firstSequence) return;
  if (digestAt === null) throw lost(`message ${position} is gone`);
  if (checkpoint.messageDigest !== '' && checkpoint.messageDigest !== digestAt) {
    throw lost(`message ${position} is not the one that was read: its digest is ${digestAt}, expected ${checkpoint.messageDigest}`);
  }
}

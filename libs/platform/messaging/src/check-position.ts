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

/** What must hold of a stream for as long as it is read: it is the same one, and nothing that was seen is gone from its end. */
export function checkStream(stream: string, seen: Pick<Checkpoint, 'sequence' | 'streamId' | 'highestSeen'>, state: StreamState): void {
  if (seen.streamId !== '' && seen.streamId !== state.streamId) {
    throw new PositionLostError(stream, `it is the stream ${state.streamId}, but position ${seen.sequence} was read from ${seen.streamId}, of the same name`);
  }
  const highest = Math.max(seen.sequence, seen.highestSeen);
  if (state.lastSequence < highest) {
    throw new PositionLostError(stream, `it ends at ${state.lastSequence}, but ${highest} has been seen: the broker lost acknowledged messages`);
  }
}

/**
 * Decides whether a consumer may go on behind its checkpoint.
 * @param digestAt digest of the message now stored at the checkpoint's sequence; null when there is none
 * @throws PositionLostError naming what differs
 */
export function checkPosition(stream: string, checkpoint: Checkpoint | undefined, state: StreamState, digestAt: string | null): void {
  if (checkpoint !== undefined) checkStream(stream, checkpoint, state);
  const position = checkpoint?.sequence ?? 0;
  if (state.firstSequence > position + 1) {
    throw new PositionLostError(stream, `it begins at ${state.firstSequence}, but messages from ${position + 1} are still needed`);
  }
  if (checkpoint === undefined || position === 0 || position < state.firstSequence) return;
  if (digestAt === null) throw new PositionLostError(stream, `message ${position} is gone`);
  if (checkpoint.messageDigest !== '' && checkpoint.messageDigest !== digestAt) {
    throw new PositionLostError(stream, `message ${position} is not the one that was read: its digest is ${digestAt}, expected ${checkpoint.messageDigest}`);
  }
}

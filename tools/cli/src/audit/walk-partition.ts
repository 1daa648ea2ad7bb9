import { type SipKey } from '@ledgerline/kernel';
import { Contradiction, type Difference } from './difference.js';
import { type PartitionLedger } from './facts.js';
import { type LedgerSums } from './sums.js';
import { Walker } from './walker.js';

/** A message of a stream, as it lies there. */
export interface StreamMessage {
  readonly sequence: number;
  /** The broker's time, microseconds since the epoch. */
  readonly timestampUs: number;
  readonly subject: string;
  readonly data: Uint8Array;
}

/** Which stretch of a partition's PRICED is walked. */
export interface Stretch {
  readonly partition: number;
  /** The PRICED sequence behind which it begins; 0 is the beginning. */
  readonly after: number;
  /** The USAGE sequence that belongs to it; null when nothing is known of what was before. */
  readonly sourceAfter: number | null;
  /** The PRICED sequence with which it ends. */
  readonly cut: number;
}

/** A partition's two streams. */
export interface PartitionStreams extends Stretch {
  readonly generation: number;
  readonly partitions: number;
  /** With it, the usage_id of every event that counts is computed anew from its identity. */
  readonly key?: SipKey;
  /** The PRICED messages of the stretch, in order. */
  readonly priced: AsyncIterable<StreamMessage>;
  /** First USAGE sequence that is still stored; PRICED's own copy stands for those before it. */
  readonly usageFirst: number;
  /** The USAGE messages from a sequence on, in order. */
  readonly usage: (from: number) => AsyncIterable<StreamMessage>;
  /** Called now and then with the PRICED sequence reached. */
  readonly onProgress?: (sequence: number) => void;
}

/** A partition's ledger; or the first place where the two streams contradict each other. */
export type Walk =
  | { readonly ok: true; readonly ledger: PartitionLedger; readonly byKey: Map<string, LedgerSums> }
  | { readonly ok: false; readonly difference: Difference };

/**
 * Walks PRICED up to the cut, with USAGE beside it: the chain must not have a gap, every run must carry its USAGE
 * message byte for byte, and what counts is added up from USAGE decoded anew.
 */
export async function walkPartition(streams: PartitionStreams): Promise<Walk> {
  let usage: AsyncIterator<StreamMessage> | undefined;
  const walker = new Walker(streams, async (sequence) => {
    usage ??= streams.usage(sequence)[Symbol.asyncIterator]();
    return (await usage.next()).value as StreamMessage | undefined;
  });
  try {
    for await (const message of streams.priced) {
      await walker.envelope(message);
      streams.onProgress?.(message.sequence);
    }
    return { ok: true, ...walker.result() };
  } catch (error) {
    if (error instanceof Contradiction) return { ok: false, difference: error.difference };
    throw error;
  } finally {
    await usage?.return?.();
  }
}

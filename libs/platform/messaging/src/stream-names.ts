import { correctionSubject, pricedStream, pricedSubject, QUOTA_STREAM, QUOTA_SUBJECTS, usageStream, usageSubject } from '@ledgerline/contracts';

/** The three kinds of streams. USAGE and PRICED have one stream per partition; QUOTA is one stream, read as partition 0. */
export type StreamKind = 'USAGE' | 'PRICED' | 'QUOTA';

export interface StreamName {
  stream: string;
  /** What is published to it. */
  subject: string;
  /** All that it stores. */
  subjects: string[];
}

/** The stream and subjects of a kind's partition. */
export function streamOf(kind: StreamKind, generation: number, partition: number): StreamName {
  switch (kind) {
    case 'USAGE':
      return {
        stream: usageStream(generation, partition),
        subject: usageSubject(generation, partition),
        subjects: [usageSubject(generation, partition), correctionSubject(generation, partition)],
      };
    case 'PRICED':
      return { stream: pricedStream(generation, partition), subject: pricedSubject(generation, partition), subjects: [pricedSubject(generation, partition)] };
    case 'QUOTA':
      return { stream: QUOTA_STREAM, subject: QUOTA_SUBJECTS, subjects: [QUOTA_SUBJECTS] };
  }
}

/** How many streams a kind has: QUOTA is not partitioned. */
export function partitionCount(kind: StreamKind, partitions: number): number {
  return kind === 'QUOTA' ? 1 : partitions;
}

/** The three kinds of streams. USAGE and PRICED have one stream per partition; QUOTA is one stream, read as partition 0. */
export type StreamKind = 'USAGE' | 'PRICED' | 'QUOTA';

export interface StreamName {
  stream: string;
  subject: string;
}

/** The stream and subject of a kind's partition. */
export function streamOf(kind: StreamKind, generation: number, partition: number): StreamName {
  if (kind === 'QUOTA') return { stream: 'QUOTA', subject: 'ledgerline.quota.>' };
  return {
    stream: `${kind}_g${generation}_p${partition}`,
    subject: `ledgerline.${kind.toLowerCase()}.g${generation}.p${partition}`,
  };
}

/** How many streams a kind has: QUOTA is not partitioned. */
export function partitionCount(kind: StreamKind, partitions: number): number {
  return kind === 'QUOTA' ? 1 : partitions;
}

import { type PartitionReach, type SourcePosition, type UsageEnd } from './ports.js';
import { monthEndMs } from './recorded-month.js';

/**
 * Whether every row recorded in a month is in the store: each partition has stored a message recorded after it, or all there is of its
 * USAGE stream. Broker times do not go back, so nothing more can be recorded in it.
 * @returns the positions reached; null when something is missing, or cannot be known
 */
export async function completePositions(month: number, wanted: { generation: number; partitions: number }, reached: readonly PartitionReach[], usageEnd: UsageEnd): Promise<SourcePosition[] | null> {
  const endUs = monthEndMs(month) * 1000;
  const known = new Map(reached.map((one) => [`${one.generation}/${one.partition}`, one]));
  for (let partition = 0; partition < wanted.partitions; partition++) {
    const key = `${wanted.generation}/${partition}`;
    if (!known.has(key)) known.set(key, { generation: wanted.generation, partition, sourceSequence: 0, recordedAtUs: null });
  }
  const positions: SourcePosition[] = [];
  for (const { generation, partition, sourceSequence, recordedAtUs } of known.values()) {
    if (recordedAtUs === null || recordedAtUs < endUs) {
      const end = await usageEnd(generation, partition);
      // The streams of a generation that was given up may have been removed; those of this one must be there.
      if (end === null ? generation === wanted.generation : sourceSequence < end) return null;
    }
    positions.push({ generation, partition, sourceSequence });
  }
  return positions;
}

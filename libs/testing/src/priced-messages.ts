import { pricedBytes, runOf } from './priced-fixture.js';

/** Consecutive PRICED messages of a partition as a stream holds them, one USAGE message each, `events` rows a message. */
export function pricedMessages(partition: number, from: number, to: number, events = 2): { sequence: number; timestampUs: number; data: Uint8Array }[] {
  return Array.from({ length: to - from + 1 }, (_, i) => {
    const sequence = from + i;
    return { sequence, timestampUs: 1_790_000_000_123_456 + sequence, data: pricedBytes(partition, [runOf(partition, sequence, Array.from({ length: events }, () => ({})))]) };
  });
}

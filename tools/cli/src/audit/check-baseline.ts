import { type Baseline } from './baseline.js';
import { type Difference } from './difference.js';
import { type AuditSources, type PricedState } from './sources.js';

/** Whether the log is still the one that a baseline was sealed on: the same streams, and the same message where it stands. */
export async function checkBaseline(baseline: Baseline, sources: Pick<AuditSources, 'pricedDigest'>, streams: ReadonlyMap<number, PricedState>): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const { partition, pricedSequence, streamId, messageDigest } of baseline.positions.values()) {
    if (pricedSequence === 0) continue;
    const stream = streams.get(partition);
    const where = `partition ${partition}, PRICED sequence ${pricedSequence}, sealed ${new Date(baseline.sealedAtUs / 1000).toISOString()}`;
    if (stream?.streamId !== streamId) {
      differences.push({ what: 'PRICED stream', where, field: 'stream_id', expected: streamId, found: stream?.streamId ?? 'missing' });
      continue;
    }
    if (pricedSequence < stream.first) continue;
    const found = await sources.pricedDigest(partition, pricedSequence);
    if (found !== messageDigest) differences.push({ what: 'PRICED stream', where, field: 'digest of the message', expected: messageDigest, found: found ?? 'missing' });
  }
  return differences;
}

import { decodePricedEnvelope } from '@ledgerline/contracts';
import { type StoredMessage } from '@ledgerline/messaging';
import { collectCorrections } from './collect-corrections.js';
import { collectQuarantined } from './collect-quarantined.js';
import { insertRange } from './insert-range.js';
import { planRanges } from './plan-ranges.js';
import { type UsageStore } from './ports.js';
import { MAX_ROWS } from './sink-batches.js';

/**
 * Brings PRICED messages of one partition into a store outside of a sink, by the sinks' own rules: what is there already is not added again.
 *
 * @param shard whose query id the inserts have
 * @param messages in order, at least one
 * @param sourceEnd the last USAGE sequence in the store
 * @returns the last USAGE sequence in the store now
 */
export async function insertMessages(store: UsageStore, shard: number, partition: number, messages: readonly StoredMessage[], sourceEnd: number): Promise<number> {
  const envelopes = messages.map(({ data }) => decodePricedEnvelope(data));
  for (const range of planRanges(envelopes, new Map([[partition, sourceEnd]]), MAX_ROWS)) {
    const held = collectQuarantined(range);
    if (held.length > 0) await store.quarantine(held);
    const corrections = collectCorrections(range);
    if (corrections.length > 0) await store.keepCorrections(corrections);
    await insertRange(store, { shard, epoch: 0 }, range);
  }
  return Math.max(sourceEnd, envelopes.at(-1)!.sourceTo);
}

import { decodePricedEnvelope, decodeUsageEnvelope, Outcome, readInt128, usageIdText } from '@ledgerline/contracts';
import { type StoredMessage } from '@ledgerline/messaging';
import { type CarriedMessage } from './adapters/fill-partition.js';
import { type LostItem } from './adapters/read-stored-events.js';
import { type EventGroup } from './group-events.js';
import { KeySums } from './key-sums.js';
import { type PartitionRecord, partitionRecord } from './recovery-record.js';
import { type StoredEvent } from './stored-event.js';
import { type PartitionSurvey } from './survey.js';

/** What filling a new generation reads and writes. */
export interface FillSources {
  /** PRICED messages of the closed generation behind what the quota sums have counted. */
  uncounted(partition: number, afterPriced: number): AsyncIterable<StoredMessage>;
  storedEvents(partition: number, afterSource: number): AsyncIterable<StoredEvent>;
  lostItems(partition: number, afterSource: number): Promise<LostItem[]>;
  /** Which of these usage_ids have rows. */
  stored(usageIds: readonly string[]): Promise<ReadonlySet<string>>;
  enter(partition: number, events: AsyncIterable<StoredEvent>, onEntered: (group: EventGroup) => void): Promise<void>;
  carry(partition: number, from: number, to: number): AsyncIterable<CarriedMessage>;
}

export interface Filled {
  readonly partitions: PartitionRecord[];
  readonly lostItems: LostItem[];
  /** What log and rows have, and the quota sums had not yet. */
  readonly uncounted: KeySums;
  /** What the quota sums had, and is priced again. */
  readonly carried: KeySums;
}

/**
 * Fills a new generation with everything that survived of the closed one behind its last outcome, partition by partition:
 * first the events that have rows, counted as they were; then the USAGE messages that are left, for pricing to decide. An event that is in both
 * is a duplicate there, since its identity is taken.
 */
export async function fillGeneration(surveys: readonly PartitionSurvey[], sources: FillSources, onProgress: (events: number) => void): Promise<Filled> {
  const filled: Filled = { partitions: [], lostItems: [], uncounted: new KeySums(), carried: new KeySums() };
  let done = 0;
  for (const survey of surveys) {
    const record = partitionRecord(survey);
    const { partition, sourceEnd, usageEnd, quota } = survey;
    for await (const { data } of sources.uncounted(partition, quota.priced)) addCounted(filled.uncounted, data, quota.source);
    filled.lostItems.push(...(await sources.lostItems(partition, sourceEnd)));
    await sources.enter(partition, sources.storedEvents(partition, sourceEnd), ({ events }) => {
      record.restored_events += events.length;
      for (const event of events) if (event.sourceSequence > quota.source) filled.uncounted.add(event);
      onProgress((done += events.length));
    });
    for await (const message of sources.carry(partition, sourceEnd + 1, usageEnd)) {
      record.carried_messages++;
      record.carried_events += message.usage?.count ?? 0;
      await addCarried(filled.carried, message, survey, sources);
      onProgress((done += message.usage?.count ?? 0));
    }
    filled.partitions.push(record);
  }
  return filled;
}

function addCounted(sums: KeySums, data: Uint8Array, afterSource: number): void {
  for (const run of decodePricedEnvelope(data).runs) {
    if (run.sourceSequence <= afterSource || run.undecodable || run.correction) continue;
    const usage = decodeUsageEnvelope(run.usage);
    run.outcomes.forEach((outcome, row) => {
      if (outcome === Outcome.priced) sums.addRow(usage, row, readInt128(run.costs, row * 16));
      if (outcome === Outcome.unpriced) sums.addRow(usage, row, null);
    });
  }
}

/**
 * Of a surviving message the sums had counted what was seen before the loss and has no row elsewhere. A message that came in since has a later
 * time: the broker gives sequences that it forgot to new messages.
 */
async function addCarried(sums: KeySums, { sequence, timestampUs, usage }: CarriedMessage, { quota }: PartitionSurvey, sources: FillSources): Promise<void> {
  if (usage === null || sequence > quota.source || timestampUs > quota.atUs) return;
  const ids = Array.from({ length: usage.count }, (_, row) => usageIdText(usage.usageIds, row * 16));
  const stored = await sources.stored(ids);
  ids.forEach((id, row) => {
    if (!stored.has(id)) sums.addRow(usage, row, null);
  });
}

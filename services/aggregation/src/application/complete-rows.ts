import { type LogPartition, type PricedHistory } from '@ledgerline/rebuild';
import { type StoredMessage } from '@ledgerline/messaging';
import { insertMessages } from './insert-messages.js';
import { type UsageStore } from './ports.js';

const BATCH_MESSAGES = 64;

/** How far a partition of a closed generation is in the store, and how far its log goes. PRICED sequences, and a USAGE sequence. */
export interface ClosedPartition extends LogPartition {
  readonly priced: number;
  readonly source: number;
  readonly pricedEnd: number;
}

/**
 * Brings what is left of a closed generation into the store: its sinks read the next one from now on. The inserts have the sinks' query ids, so
 * that one which still runs is waited for. Can be repeated.
 */
export async function completeRows(store: UsageStore, history: PricedHistory, shards: number, { priced, source, pricedEnd, ...of }: ClosedPartition): Promise<void> {
  let messages: StoredMessage[] = [];
  let reached = source;
  const insert = async (): Promise<void> => {
    if (messages.length > 0) reached = await insertMessages(store, of.partition % shards, of.partition, messages, reached);
    messages = [];
  };
  for await (const message of history.read(of, priced + 1, pricedEnd)) {
    messages.push(message);
    if (messages.length === BATCH_MESSAGES) await insert();
  }
  await insert();
}

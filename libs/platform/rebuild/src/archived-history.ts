import { type ArchiveStore, openArchiveStore, readArchive } from '@ledgerline/archive-store';
import { type NatsConnection, type StoredMessage } from '@ledgerline/messaging';
import { LogHistory } from './log-history.js';
import { type LogPartition, type Positions } from './positions.js';
import { HistoryGoneError, type PricedHistory } from './priced-history.js';

/** PRICED from the archive as far as the log was trimmed, and from there on from the log. */
export class ArchivedHistory implements PricedHistory {
  constructor(
    private readonly log: LogHistory,
    private readonly store: ArchiveStore,
  ) {}

  ends(): Promise<Positions> {
    return this.log.ends();
  }

  async *read(of: LogPartition, from: number, to: number): AsyncIterable<StoredMessage> {
    let next = from;
    const first = await this.log.first(of);
    if (from <= to && next < first) {
      const last = Math.min(first - 1, to);
      for await (const { sequence, timestampUs, data } of readArchive(this.store, of.generation, of.partition, from)) {
        if (sequence > last) break;
        yield { sequence, timestampUs, subject: '', data };
        next = sequence + 1;
      }
      if (next <= last) throw new HistoryGoneError(of, next, first);
    }
    yield* this.log.read(of, next, to);
  }
}

/**
 * All of PRICED that this process can get at.
 * @param generation the current one
 * @param environment ARCHIVE_URL and the keys to it; without one, what was trimmed from the log is gone
 */
export function openHistory(nc: NatsConnection, generation: number, environment: NodeJS.ProcessEnv): PricedHistory {
  const log = new LogHistory(nc, generation);
  const url = environment['ARCHIVE_URL'];
  return url ? new ArchivedHistory(log, openArchiveStore(url, environment)) : log;
}

import { failpoint } from '@ledgerline/failpoints';

/** A message in the outbox. */
export interface WaitingMessage {
  readonly id: number;
  readonly subject: string;
  readonly payload: Uint8Array;
  /** False: it may overtake, and be overtaken by, any other. */
  readonly ordered: boolean;
}

export interface OutboxStore {
  oldest(limit: number): Promise<WaitingMessage[]>;
  remove(ids: readonly number[]): Promise<void>;
}

/** Resolves when the broker has stored the message. */
export type Publish = (message: WaitingMessage) => Promise<void>;

const BATCH = 500;

/**
 * Publishes what waits in the outbox, oldest first, and removes what the broker has acknowledged.
 *
 * One copy does it at a time. Should two overlap, because the older was frozen, each publishes in order and messages arrive twice: their
 * reader knows them by event_id.
 */
export class PublishDecisions {
  constructor(
    private readonly outbox: OutboxStore,
    private readonly publish: Publish,
  ) {}

  /** Publishes until nothing waits or `mayGoOn` says no. Returns how many messages went out. @throws what publishing throws; acknowledged ones are removed before */
  async execute(mayGoOn: () => boolean): Promise<number> {
    let published = 0;
    while (mayGoOn()) {
      const waiting = await this.outbox.oldest(BATCH);
      if (waiting.length === 0) break;
      published += await this.publishAll(waiting, mayGoOn);
    }
    return published;
  }

  private async publishAll(waiting: readonly WaitingMessage[], mayGoOn: () => boolean): Promise<number> {
    const acknowledged: number[] = [];
    try {
      for (const group of groupsOf(waiting)) {
        if (!mayGoOn()) break;
        const results = await Promise.allSettled(group.map((message) => this.publish(message)));
        group.forEach((message, i) => results[i]!.status === 'fulfilled' && acknowledged.push(message.id));
        const failed = results.find((result) => result.status === 'rejected');
        if (failed) throw failed.reason;
      }
    } finally {
      await failpoint('outbox.after-publish');
      if (acknowledged.length > 0) await this.outbox.remove(acknowledged);
    }
    return acknowledged.length;
  }
}

/** Neighbours without an order go out together; ordered ones alone, so that none is stored before one that failed. */
function groupsOf(waiting: readonly WaitingMessage[]): WaitingMessage[][] {
  const groups: WaitingMessage[][] = [];
  let open: WaitingMessage[] | undefined;
  for (const message of waiting) {
    if (!message.ordered && open !== undefined) open.push(message);
    else groups.push((open = [message]));
    if (message.ordered) open = undefined;
  }
  return groups;
}

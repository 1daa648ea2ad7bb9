import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { usageStream, usageSubject } from '@ledgerline/contracts';
import { connectNats, type NatsConnection, readLastMessage } from '@ledgerline/messaging';
import { type WholeStack } from '@ledgerline/local-stack';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';

const PAUSE_MS = 700;
const PUBLISH_MS = 3_000;

/** Writes to the log past ingest: bytes that are no envelope, and true envelopes put where they do not belong. None of it may be counted. */
export class Intruder {
  private stopped = false;
  private count = 0;

  constructor(private readonly stack: WholeStack) {}

  /** Messages that the log took from it. */
  get published(): number {
    return this.count;
  }

  async run(): Promise<void> {
    while (!this.stopped) {
      const nc = await connectNats(this.stack.file().nats_url, 'chaos-intruder').catch(() => null);
      if (nc === null) {
        await delay(PAUSE_MS);
        continue;
      }
      await this.intrude(nc).catch(() => undefined);
      await nc.close();
    }
  }

  finish(): void {
    this.stopped = true;
  }

  private async intrude(nc: NatsConnection): Promise<void> {
    const { generation, partitions } = this.stack.file();
    const js = jetstream(nc);
    const jsm = await jetstreamManager(nc);
    for (let turn = 0; !this.stopped; turn++) {
      const from = turn % partitions;
      const forged = turn % 2 === 0 ? await readLastMessage(jsm, usageStream(generation, from)) : null;
      await js.publish(usageSubject(generation, (from + 1) % partitions), forged?.data ?? randomBytes(200), { timeout: PUBLISH_MS, retries: 0 });
      this.count++;
      await delay(PAUSE_MS);
    }
  }
}

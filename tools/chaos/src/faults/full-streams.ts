import { QUOTA_STREAM, pricedStream, usageStream } from '@ledgerline/contracts';
import { connectNats } from '@ledgerline/messaging';
import { type WholeStack } from '@ledgerline/local-stack';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { setTimeout as delay } from 'node:timers/promises';
import { freeze } from './signals.js';
import { type Inflict } from './stack-under-fire.js';

/** Who writes them. */
const WRITER: Record<string, string> = { USAGE: 'ingest', PRICED: 'pricing', QUOTA: 'quota' };
const SETTLED_MS = 50;
/** What a stream may still take: room for what others than its writer, who is frozen then, may send before the limit is lowered. */
const ROOM_BYTES = 16_384;

/** The streams of one kind take no more than they hold, for a while. */
export const inflictFullStreams: Inflict = async ({ stack }, { targets, holdMs }) => {
  const nc = await connectNats(stack.file().nats_url, 'chaos-full-streams');
  try {
    const jsm = await jetstreamManager(nc);
    const restore: (() => Promise<unknown>)[] = [];
    try {
      for (const kind of targets) {
        const thaw = freeze([stack.pid(WRITER[kind]!)]);
        try {
          for (const name of streamsOf(stack, kind)) restore.push(await lowerLimit(jsm, name));
        } finally {
          thaw();
        }
      }
      await delay(holdMs);
    } finally {
      await Promise.all(restore.map((one) => one()));
    }
  } finally {
    await nc.close();
  }
};

function streamsOf(stack: WholeStack, kind: string): string[] {
  const { generation, partitions } = stack.file();
  if (kind === 'QUOTA') return [QUOTA_STREAM];
  return Array.from({ length: partitions }, (_, partition) => (kind === 'USAGE' ? usageStream : pricedStream)(generation, partition));
}

/** A limit below what is stored would make the broker delete the oldest messages: nothing may be on its way while it is lowered. */
async function lowerLimit(jsm: JetStreamManager, name: string): Promise<() => Promise<unknown>> {
  const { config } = await jsm.streams.info(name);
  await jsm.streams.update(name, { max_bytes: (await settledBytes(jsm, name)) + ROOM_BYTES });
  return () => jsm.streams.update(name, { max_bytes: config.max_bytes });
}

/** A stream's size, once it does not grow any more. */
async function settledBytes(jsm: JetStreamManager, name: string): Promise<number> {
  for (let before = -1; ; ) {
    const { bytes } = (await jsm.streams.info(name)).state;
    if (bytes === before) return bytes;
    before = bytes;
    await delay(SETTLED_MS);
  }
}

import { QUOTA_STREAM, pricedStream, usageStream } from '@ledgerline/contracts';
import { connectNats } from '@ledgerline/messaging';
import { type WholeStack } from '@ledgerline/local-stack';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { setTimeout as delay } from 'node:timers/promises';
import { type Inflict } from './stack-under-fire.js';

/**
 * What a stream may still take when its limit is lowered. Below what is stored, a broker could make room by deleting; so much can be
 * published between the look at its size and the new limit.
 */
const ROOM_BYTES = 16_384;

/** The streams of one kind take no more than they hold, for a while. */
export const inflictFullStreams: Inflict = async ({ stack }, { targets, holdMs }) => {
  const nc = await connectNats(stack.file().nats_url, 'chaos-full-streams');
  try {
    const jsm = await jetstreamManager(nc);
    const restore = await Promise.all(targets.flatMap((kind) => streamsOf(stack, kind)).map((name) => lowerLimit(jsm, name)));
    try {
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

async function lowerLimit(jsm: JetStreamManager, name: string): Promise<() => Promise<unknown>> {
  const { config, state } = await jsm.streams.info(name);
  await jsm.streams.update(name, { max_bytes: state.bytes + ROOM_BYTES });
  return () => jsm.streams.update(name, { max_bytes: config.max_bytes });
}

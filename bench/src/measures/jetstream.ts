import { DeliverPolicy, DiscardPolicy, jetstream, jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { usageStream } from '@ledgerline/contracts';
import { connectNats, type NatsConnection } from '@ledgerline/messaging';
import { type BenchStack } from '../stack/bench-stack.js';

export interface JetstreamFigures {
  readonly mbPerS: number;
  readonly messagesPerS: number;
  readonly meanMessageKb: number;
}

const SAMPLE = 400;
const MAX_BYTES = 4 * 1024 ** 3;
const IN_FLIGHT_PER_STREAM = 32;

/** A bare loop: the very envelopes that ingest wrote, published with acks into as many streams of the same kind. */
export async function measureJetstream(stack: BenchStack, { forMs }: { forMs: number }): Promise<JetstreamFigures> {
  const nats = await connectNats(stack.natsUrl, 'ledgerline-bench');
  const manager = await jetstreamManager(nats);
  const names = Array.from({ length: stack.partitions }, (_, partition) => `BENCH_p${partition}`);
  try {
    const envelopes = await sampleEnvelopes(nats, stack);
    for (const name of names) {
      await manager.streams.add({ name, subjects: [name], storage: StorageType.File, retention: RetentionPolicy.Limits, discard: DiscardPolicy.New, max_bytes: MAX_BYTES });
    }
    return await publish(nats, names, envelopes, forMs);
  } finally {
    for (const name of names) await manager.streams.delete(name).catch(() => false);
    await nats.close();
  }
}

async function sampleEnvelopes(nats: NatsConnection, { generation, partitions }: BenchStack): Promise<Uint8Array[]> {
  const envelopes: Uint8Array[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const consumer = await jetstream(nats).consumers.get(usageStream(generation, partition), { deliver_policy: DeliverPolicy.All });
    const messages = await consumer.fetch({ max_messages: Math.ceil(SAMPLE / partitions), expires: 2_000 });
    for await (const message of messages) envelopes.push(message.data.slice());
    await consumer.delete();
  }
  return envelopes;
}

async function publish(nats: NatsConnection, names: readonly string[], envelopes: readonly Uint8Array[], forMs: number): Promise<JetstreamFigures> {
  const js = jetstream(nats);
  let bytes = 0;
  let messages = 0;
  const startedMs = performance.now();
  const drive = async (name: string): Promise<void> => {
    while (performance.now() - startedMs < forMs) {
      const envelope = envelopes[messages % envelopes.length]!;
      messages++;
      await js.publish(name, envelope);
      bytes += envelope.length;
    }
  };
  await Promise.all(names.flatMap((name) => Array.from({ length: IN_FLIGHT_PER_STREAM }, () => drive(name))));
  const seconds = (performance.now() - startedMs) / 1000;
  return { mbPerS: bytes / 1e6 / seconds, messagesPerS: messages / seconds, meanMessageKb: bytes / messages / 1000 };
}

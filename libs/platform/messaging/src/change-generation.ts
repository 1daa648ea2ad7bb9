import { type JetStreamManager, jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { type NatsConnection } from '@nats-io/transport-node';
import { createStream, ensureStreams, findStream, type StreamsWanted, settings } from './ensure-streams.js';
import { finished, isUnfinished } from './stream-description.js';
import { type StreamKind } from './stream-names.js';

/** The streams of one generation; QUOTA belongs to none. */
export type GenerationWanted = Omit<StreamsWanted, 'kinds'>;

const KINDS: readonly StreamKind[] = ['USAGE', 'PRICED'];

/** Closes a generation for good: its streams take nothing any more. Those that are missing are made, empty, so that it has an end. */
export async function closeGeneration(nc: NatsConnection, wanted: GenerationWanted): Promise<void> {
  const jsm = await jetstreamManager(nc);
  for (const { name, kind, partition } of streamsOf(wanted)) {
    const found = (await findStream(jsm, name)) ?? (await createStream(jsm, settings(kind, partition, wanted)));
    // The client's type of an update leaves it out, though only an update can set it.
    const sealed: Partial<StreamConfig> = { ...found.config, sealed: true };
    if (!found.config.sealed) await jsm.streams.update(name, sealed);
  }
}

/** Whether a generation was opened and finished; `unfinished` while a recovery fills it, or when one was cut short. */
export async function generationState(nc: NatsConnection, wanted: GenerationWanted): Promise<'missing' | 'unfinished' | 'open'> {
  const jsm = await jetstreamManager(nc);
  const descriptions = await Promise.all(streamsOf(wanted).map(async ({ name }) => (await findStream(jsm, name))?.config.description));
  if (descriptions.every((description) => description === undefined)) return 'missing';
  // The descriptions are only finished when everything is in: one finished stream says that all are filled.
  return descriptions.some((description) => description !== undefined && !isUnfinished(description)) ? 'open' : 'unfinished';
}

/** Makes the streams of a new generation, empty and marked as unfinished; what a recovery that was cut short left is removed. */
export async function openGeneration(nc: NatsConnection, wanted: GenerationWanted): Promise<void> {
  const jsm = await jetstreamManager(nc);
  for (const { name, kind, partition } of streamsOf(wanted)) {
    if ((await findStream(jsm, name)) !== null) await jsm.streams.delete(name);
    await createStream(jsm, settings(kind, partition, wanted), { unfinished: true });
  }
}

/** Lets services use the generation. Can be repeated. */
export async function finishGeneration(nc: NatsConnection, wanted: GenerationWanted): Promise<void> {
  const jsm: JetStreamManager = await jetstreamManager(nc);
  for (const { name } of streamsOf(wanted)) {
    const { config } = await jsm.streams.info(name);
    await jsm.streams.update(name, { description: finished(config.description ?? '') });
  }
  await ensureStreams(nc, { ...wanted, kinds: [...KINDS] });
}

function streamsOf(wanted: GenerationWanted): { name: string; kind: StreamKind; partition: number }[] {
  return KINDS.flatMap((kind) =>
    Array.from({ length: wanted.partitions }, (_, partition) => ({ kind, partition, name: settings(kind, partition, wanted).name })),
  );
}

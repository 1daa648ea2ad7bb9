import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import { type NatsConnection } from '@nats-io/transport-node';
import { MAX_PRICED_BYTES, MAX_USAGE_BYTES } from '@ledgerline/contracts';
import { bareDescription, describeAnew } from './stream-description.js';
import { partitionCount, type StreamKind, streamOf } from './stream-names.js';

export interface StreamsWanted {
  generation: number;
  partitions: number;
  /** per stream; a full stream refuses publishers, it never drops messages */
  maxBytes: number;
  kinds: StreamKind[];
}

/** An existing stream says something else than the configuration. The message names the stream, the setting and both values. */
export class StreamConflictError extends Error {
  constructor(
    readonly stream: string,
    detail: string,
  ) {
    super(`Stream ${stream} contradicts the configuration: ${detail}`);
    this.name = 'StreamConflictError';
  }
}

/** Largest message each kind takes, headers included. PRICED stays under the broker's default max_payload of 1 MiB. */
export const MAX_MESSAGE_BYTES: Record<StreamKind, number> = { USAGE: MAX_USAGE_BYTES, PRICED: MAX_PRICED_BYTES, QUOTA: 65_536 };

const STREAM_NAME_IN_USE = 10058;

/**
 * Creates the streams that are missing and checks those that exist; safe when several processes do it at once.
 * A larger `maxBytes` and a subject more are applied to existing streams. Anything else that differs is a {@link StreamConflictError}: the log
 * is the truth, so it is never reshaped silently.
 */
export async function ensureStreams(nc: NatsConnection, wanted: StreamsWanted): Promise<void> {
  const jsm = await jetstreamManager(nc);
  for (const kind of wanted.kinds) {
    await refuseOtherPartitions(jsm, kind, wanted);
    const count = partitionCount(kind, wanted.partitions);
    await Promise.all(Array.from({ length: count }, (_, partition) => ensureStream(jsm, settings(kind, partition, wanted))));
  }
}

/** What of a stream's configuration must be as it is. */
export type Settings = Pick<
  StreamConfig,
  'name' | 'subjects' | 'description' | 'retention' | 'storage' | 'discard' | 'max_bytes' | 'max_msg_size' | 'max_age' | 'max_msgs' | 'max_msgs_per_subject'
>;

/** What a stream is to be. */
export function settings(kind: StreamKind, partition: number, { generation, partitions, maxBytes }: Omit<StreamsWanted, 'kinds'>): Settings {
  const { stream, subjects } = streamOf(kind, generation, partition);
  return {
    name: stream,
    subjects,
    // The partition count is part of the description because 2.9 has no stream metadata, and it must survive a half-finished creation.
    description: kind === 'QUOTA' ? 'Ledgerline QUOTA' : `Ledgerline ${kind}, generation ${generation}, partition ${partition} of ${partitions}`,
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_bytes: maxBytes,
    max_msg_size: MAX_MESSAGE_BYTES[kind],
    max_age: 0,
    max_msgs: -1,
    max_msgs_per_subject: -1,
  };
}

/** A partition past the configured count means that the generation was opened with more of them: P is fixed per generation. */
async function refuseOtherPartitions(jsm: JetStreamManager, kind: StreamKind, { generation, partitions }: StreamsWanted): Promise<void> {
  if (kind === 'QUOTA') return;
  const beyond = streamOf(kind, generation, partitions).stream;
  const info = await findStream(jsm, beyond);
  if (info !== null)
    throw new StreamConflictError(
      beyond,
      `generation ${generation} has more than the configured ${partitions} partitions (PARTITIONS); the count is fixed per generation`,
    );
}

async function ensureStream(jsm: JetStreamManager, wanted: Settings): Promise<void> {
  const existing = (await findStream(jsm, wanted.name)) ?? (await createStream(jsm, wanted));
  const found = await withAllSubjects(jsm, existing.config, wanted);
  refuseOtherSettings(wanted, found);
  if (found.max_bytes < wanted.max_bytes) await jsm.streams.update(wanted.name, { max_bytes: wanted.max_bytes });
}

/** A stream made before one of its subjects was thought of takes that up; one with a subject of its own contradicts. */
async function withAllSubjects(jsm: JetStreamManager, found: StreamConfig, { name, subjects }: Settings): Promise<StreamConfig> {
  const missing = found.subjects.length < subjects.length && found.subjects.every((subject) => subjects.includes(subject));
  return missing ? (await jsm.streams.update(name, { subjects })).config : found;
}

/** @throws StreamConflictError naming the setting */
export function refuseOtherSettings(wanted: Settings, found: StreamConfig): void {
  if (found.sealed) throw new StreamConflictError(wanted.name, 'it is sealed: its generation was closed by a recovery, and GENERATION has to say the next one');
  for (const [setting, value] of Object.entries(wanted) as [keyof Settings, unknown][]) {
    if (setting === 'max_bytes') continue;
    // The server leaves out what has its zero value.
    const actual = setting === 'description' ? bareDescription(found.description ?? '') : (found[setting] ?? (setting === 'max_age' ? 0 : undefined));
    if (JSON.stringify(actual) !== JSON.stringify(value)) {
      throw new StreamConflictError(wanted.name, `${setting} is ${JSON.stringify(actual)}, expected ${JSON.stringify(value)}`);
    }
  }
  if (found.max_bytes > wanted.max_bytes || found.max_bytes < 0) {
    throw new StreamConflictError(wanted.name, `max_bytes is ${found.max_bytes}, more than the configured ${wanted.max_bytes} (STREAM_MAX_BYTES)`);
  }
  if (found.persist_mode === 'async') throw new StreamConflictError(wanted.name, 'persist_mode is async: an acknowledged message could be lost');
}

/** The stream, or null when there is none. */
export async function findStream(jsm: JetStreamManager, stream: string): Promise<StreamInfo | null> {
  try {
    return await jsm.streams.info(stream);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.status === 404) return null;
    throw error;
  }
}

/** Makes a stream, with an id of its own; or finds the one that another process made meanwhile. */
export async function createStream(jsm: JetStreamManager, wanted: Settings, options: { unfinished?: boolean } = {}): Promise<StreamInfo> {
  try {
    return await jsm.streams.add({ ...wanted, description: describeAnew(wanted.description!, options) });
  } catch (error) {
    // Another process was faster, possibly with other settings: those are checked by the caller.
    if (error instanceof JetStreamApiError && error.code === STREAM_NAME_IN_USE) return await jsm.streams.info(wanted.name);
    throw error;
  }
}

import { type JetStreamManager } from '@nats-io/jetstream';
import { findStream, refuseOtherSettings, settings, StreamConflictError, type StreamsWanted } from './ensure-streams.js';
import { type StreamKind, streamOf } from './stream-names.js';

/** A stream as it is; nothing is created or changed. */
export interface StreamFound {
  readonly stream: string;
  readonly bytes: number;
  readonly maxBytes: number;
  readonly replicas: number;
  /** Why the services would refuse it; undefined: it is as they want it. */
  readonly conflict?: string;
}

/** Looks at one stream. Its size is not judged: it may be any. @returns null when there is none */
export async function inspectStream(jsm: JetStreamManager, kind: StreamKind, partition: number, wanted: Pick<StreamsWanted, 'generation' | 'partitions'>): Promise<StreamFound | null> {
  const { stream } = streamOf(kind, wanted.generation, partition);
  const info = await findStream(jsm, stream);
  if (info === null) return null;
  const { config, state } = info;
  const found = { stream, bytes: state.bytes, maxBytes: config.max_bytes, replicas: config.num_replicas };
  try {
    refuseOtherSettings(settings(kind, partition, { ...wanted, maxBytes: Math.max(config.max_bytes, 1) }), config);
    return found;
  } catch (error) {
    if (error instanceof StreamConflictError) return { ...found, conflict: error.message };
    throw error;
  }
}

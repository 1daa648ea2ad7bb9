import { createHash } from 'node:crypto';
import { JetStreamApiCodes, JetStreamApiError, type JetStreamManager, type StoredMsg } from '@nats-io/jetstream';
import { streamIdOf } from './stream-description.js';

/** A message as stored. `timestampUs`: the broker's, microseconds since 1970. */
export interface StoredMessage {
  sequence: number;
  timestampUs: number;
  subject: string;
  data: Uint8Array;
  traceparent?: string;
}

export interface StreamState {
  /** another when the stream is deleted and made anew, see {@link streamIdOf} */
  streamId: string;
  /** 1 for a stream that was never trimmed, also when empty */
  firstSequence: number;
  /** 0 when nothing was ever stored */
  lastSequence: number;
  messages: number;
  bytes: number;
}

/** The last message, read from the stream's leader (a direct get could be answered by a replica that is behind); null when the stream is empty. */
export function readLastMessage(jsm: JetStreamManager, stream: string): Promise<StoredMessage | null> {
  return getMessage(jsm, stream, { last_by_subj: '>' });
}

/** The message at `sequence`, read from the leader; null when there is none. */
export function readMessage(jsm: JetStreamManager, stream: string, sequence: number): Promise<StoredMessage | null> {
  return getMessage(jsm, stream, { seq: sequence });
}

/** The stream's state as its leader sees it. Throws JetStreamApiError (code 10059) when there is no such stream. */
export async function streamInfo(jsm: JetStreamManager, stream: string): Promise<StreamState> {
  const info = await jsm.streams.info(stream);
  const { state } = info;
  return {
    streamId: streamIdOf(info),
    // An untouched stream reports first_seq 0 on some versions and 1 on others.
    firstSequence: Math.max(1, state.first_seq),
    lastSequence: state.last_seq,
    messages: state.messages,
    bytes: state.bytes,
  };
}

/** 128 bits of SHA-256 over a message's body: tells whether a sequence still holds what was read there. */
export function messageDigest(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('base64url').slice(0, 22);
}

async function getMessage(jsm: JetStreamManager, stream: string, query: { seq: number } | { last_by_subj: string }): Promise<StoredMessage | null> {
  let found: StoredMsg | null;
  try {
    found = await jsm.streams.getMessage(stream, query);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound) return null;
    throw error;
  }
  if (found === null) return null;
  const traceparent = found.header?.get('traceparent');
  return {
    sequence: found.seq,
    timestampUs: microseconds(found.timestamp),
    subject: found.subject,
    data: found.data,
    ...(traceparent ? { traceparent } : {}),
  };
}

/** "2026-01-02T03:04:05.678901234Z" -> microseconds since 1970, cut off like the consumer's nanoseconds are. */
function microseconds(timestamp: string): number {
  const [seconds, fraction = ''] = timestamp.replace('Z', '').split('.');
  return Date.parse(`${seconds}Z`) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

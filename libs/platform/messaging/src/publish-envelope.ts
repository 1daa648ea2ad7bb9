import { JetStreamApiCodes, JetStreamApiError, type JetStreamClient, type PubAck } from '@nats-io/jetstream';
import { errors, headers as natsHeaders, type MsgHdrs } from '@nats-io/nats-core';
import { injectTrace } from '@ledgerline/telemetry';

/**
 * Why a message was not confirmed.
 * - `timeout`: no answer in time; the message may or may not be stored
 * - `wrong-last-sequence`: the stream moved on; the message is not stored by this attempt
 * - `stream-full`: byte limit of the stream, account or disk; not stored
 * - `no-stream`: nobody stores this subject (no such stream, or JetStream is not up); not stored
 * - `too-large`: over the stream's or the broker's message size; not stored
 * - `duplicate`: the broker took it for a copy of another message and dropped the body
 * - `disconnected`: the connection broke; may or may not be stored
 * - `refused`: any other answer of the broker; not stored
 */
export type PublishFailure = 'timeout' | 'wrong-last-sequence' | 'stream-full' | 'no-stream' | 'too-large' | 'duplicate' | 'disconnected' | 'refused';

export class PublishError extends Error {
  constructor(
    readonly failure: PublishFailure,
    readonly subject: string,
    cause?: unknown,
  ) {
    super(`Publishing to ${subject}: ${failure}${cause instanceof Error ? ` (${cause.message})` : ''}`, { cause });
    this.name = 'PublishError';
  }

  /** True when the message may be stored although no confirmation came. */
  get unknownOutcome(): boolean {
    return this.failure === 'timeout' || this.failure === 'disconnected';
  }
}

export interface PublishOptions {
  /** refuse unless the stream's last sequence is exactly this (0: the stream is empty) */
  expectLastSequence?: number;
  headers?: Record<string, string>;
  /** the trace this message belongs to; the active span's unless told */
  traceparent?: string;
  timeoutMs: number;
}

/**
 * Publishes one message and waits for the broker's confirmation, once: whether to try again is the caller's decision.
 * The trace context travels in the headers.
 * @throws PublishError, always of a named kind
 */
export async function publishEnvelope(js: JetStreamClient, subject: string, bytes: Uint8Array, options: PublishOptions): Promise<PubAck> {
  let ack: PubAck;
  try {
    ack = await js.publish(subject, bytes, {
      timeout: options.timeoutMs,
      retries: 0,
      headers: messageHeaders(options),
      ...(options.expectLastSequence === undefined ? {} : { expect: { lastSequence: options.expectLastSequence } }),
    });
  } catch (error) {
    throw new PublishError(failureOf(error), subject, error);
  }
  // No message ids are used: a broker that says "duplicate" has dropped a body.
  if (ack.duplicate) throw new PublishError('duplicate', subject);
  return ack;
}

function messageHeaders({ headers: entries = {}, traceparent = injectTrace() }: PublishOptions): MsgHdrs {
  const headers = natsHeaders();
  if (traceparent !== undefined) headers.set('traceparent', traceparent);
  for (const [name, value] of Object.entries(entries)) headers.set(name, value);
  return headers;
}

const MESSAGE_TOO_LARGE = 10054;
/** account limit, insufficient resources, storage limit, "maximum bytes exceeded" and other store failures */
const NO_ROOM = new Set([10002, 10023, 10047, 10077]);

function failureOf(error: unknown): PublishFailure {
  if (error instanceof JetStreamApiError) {
    if (error.code === JetStreamApiCodes.StreamWrongLastSequence || error.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown)
      return 'wrong-last-sequence';
    if (error.code === JetStreamApiCodes.StreamNotFound) return 'no-stream';
    if (error.code === MESSAGE_TOO_LARGE) return 'too-large';
    if (NO_ROOM.has(error.code)) return 'stream-full';
    return 'refused';
  }
  const chain = causes(error);
  if (chain.some((cause) => cause instanceof errors.NoRespondersError)) return 'no-stream';
  if (chain.some((cause) => cause instanceof errors.TimeoutError)) return 'timeout';
  if (chain.some((cause) => cause instanceof errors.InvalidArgumentError || cause.message === 'MAX_PAYLOAD_EXCEEDED')) return 'too-large';
  return 'disconnected';
}

function causes(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let cause = error; cause instanceof Error && chain.length < 8; cause = cause.cause) chain.push(cause);
  return chain;
}

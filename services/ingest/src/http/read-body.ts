import { isUtf8 } from 'node:buffer';
import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import { ProblemError } from '@ledgerline/service-kit';
import { type FastifyInstance } from 'fastify';

/** Largest body, as sent and as unpacked. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Most events in one request. */
export const MAX_EVENTS = 10_000;

const JSON_TYPE = 'application/json';
const LINE_TYPES = ['application/x-ndjson', 'application/ndjson'];

/** A line of NDJSON that is no JSON; it stands where the event would. */
export const UNREADABLE_LINE = Symbol('unreadable line');

const unpack = {
  gzip: promisify(gunzip),
  zstd: promisify(zstdDecompress),
};

/** Leaves bodies as bytes: what they are is known only once they are unpacked. */
export function readBodiesAsBytes(fastify: FastifyInstance): void {
  fastify.removeContentTypeParser([JSON_TYPE]);
  fastify.addContentTypeParser([JSON_TYPE, ...LINE_TYPES], { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, (_request, body, done) =>
    done(null, body),
  );
}

/** The events of a body. */
export interface ReadBody {
  readonly events: readonly unknown[];
  /** It was one event and no list. */
  readonly single: boolean;
  /** No text in it can hold a control character, half a surrogate pair or a quote: in JSON they need a backslash. Only DEL does not. */
  readonly plain: boolean;
}

const BACKSLASH = 0x5c;
const DEL = 0x7f;

/**
 * Unpacks and parses a body: one event, an array, or a line each.
 *
 * @throws ProblemError 400, 413 or 415 when it cannot be read as a whole; then nothing of it is taken
 */
export async function readBody(body: unknown, contentType: string | undefined, encoding: string | undefined): Promise<ReadBody> {
  if (!Buffer.isBuffer(body) || body.length === 0) throw new ProblemError(400, 'empty_body', 'The body is empty; expected one event, an array, or NDJSON.');
  const bytes = await unpacked(body, encoding);
  if (!isUtf8(bytes)) throw new ProblemError(400, 'malformed_encoding', 'The body is not UTF-8.');
  const text = bytes.toString('utf8');
  const lines = LINE_TYPES.some((type) => contentType?.startsWith(type));
  const parsed = lines ? parseLines(text) : parseJson(text);
  const single = !Array.isArray(parsed);
  const events: readonly unknown[] = single ? [parsed] : parsed;
  if (events.length === 0) throw new ProblemError(400, 'empty_batch', 'The body holds no event.');
  if (events.length > MAX_EVENTS) {
    throw new ProblemError(413, 'too_many_events', `The body holds ${events.length} events; at most ${MAX_EVENTS} fit one request.`);
  }
  return { events, single, plain: !bytes.includes(BACKSLASH) && !bytes.includes(DEL) };
}

async function unpacked(body: Buffer, encoding = 'identity'): Promise<Buffer> {
  const name = encoding.trim().toLowerCase();
  if (name === 'identity' || name === '') return body;
  if (name !== 'gzip' && name !== 'zstd') {
    throw new ProblemError(415, 'unsupported_encoding', 'The Content-Encoding is not one this route reads; expected gzip, zstd or identity.', undefined, {
      'accept-encoding': 'gzip, zstd, identity',
    });
  }
  try {
    return await unpack[name](body, { maxOutputLength: MAX_BODY_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new ProblemError(413, 'body_too_large', `The body unpacks to more than ${MAX_BODY_BYTES} bytes.`);
    }
    throw new ProblemError(400, 'malformed_encoding', `The body is not complete, valid ${name}.`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProblemError(400, 'malformed_json', 'The body is not valid JSON.');
  }
}

function parseLines(text: string): unknown[] {
  const events: unknown[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    try {
      events.push(JSON.parse(line));
    } catch {
      events.push(UNREADABLE_LINE);
    }
  }
  return events;
}

import { createReadStream } from 'node:fs';
import { createHash, type Hash } from 'node:crypto';

/** One line of a text file, without its line end. `number` counts from 1. */
export interface FileLine {
  readonly number: number;
  readonly text: string;
  /** Bytes of the file up to and including this line's end: for progress. */
  readonly endOffset: number;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** A trace's line has some forty bytes; a file without line ends must not be gathered in memory. */
const MAX_LINE_BYTES = 1_048_576;

/** A line longer than any trace has: the file is something else. */
export class LineTooLongError extends Error {
  constructor(readonly line: number) {
    super(`line ${line} is longer than ${MAX_LINE_BYTES} bytes`);
    this.name = 'LineTooLongError';
  }
}

/**
 * Reads a file line by line in constant memory. The last line needs no newline; `\r\n` ends a line too.
 *
 * @param hash is updated with every byte read, so that one pass gives both the lines and the digest
 */
export async function* fileLines(path: string, hash: Hash = createHash('sha256')): AsyncGenerator<FileLine> {
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;
  let offset = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 262_144 })) {
    hash.update(chunk as Buffer);
    const data = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    let from = 0;
    for (let end = data.indexOf(NEWLINE, from); end !== -1; end = data.indexOf(NEWLINE, from)) {
      offset += end + 1 - from;
      yield { number: ++number, text: textOf(data, from, end), endOffset: offset };
      from = end + 1;
    }
    rest = data.subarray(from);
    if (rest.length > MAX_LINE_BYTES) throw new LineTooLongError(number + 1);
  }
  if (rest.length > 0) yield { number: ++number, text: textOf(rest, 0, rest.length), endOffset: offset + rest.length };
}

function textOf(data: Buffer, from: number, end: number): string {
  const stop = end > from && data[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
  return data.toString('utf8', from, stop);
}

import { createHash } from 'node:crypto';
import { fileLines } from './file-lines.js';
import { checkHeader, parseTraceRow, TraceFormatError, type TraceRow } from './trace-row.js';

/** What one pass over a trace finds: it is whole, and this is what is in it. */
export interface TraceSurvey {
  /** SHA-256 of the file's bytes, 64 hex digits. */
  readonly digest: string;
  readonly rows: number;
  readonly inputTokens: bigint;
  readonly outputTokens: bigint;
}

/** A row with the number of its line in the file (the header is line 1). */
export interface NumberedRow extends TraceRow {
  readonly line: number;
}

/** Reads a trace's rows in the file's order. @throws TraceFormatError at the first malformed line */
export async function* traceRows(path: string, hash = createHash('sha256')): AsyncGenerator<NumberedRow> {
  let lines = 0;
  for await (const line of fileLines(path, hash)) {
    lines = line.number;
    if (line.number === 1) checkHeader(line.text);
    else yield { line: line.number, ...parseTraceRow(line.text, line.number) };
  }
  if (lines === 0) throw new TraceFormatError(1, 1, 'the file is empty');
}

/**
 * Reads the whole file once before anything is sent: the digest is part of every event's identity, and a
 * malformed line anywhere is better known before the first half has been metered.
 *
 * @throws TraceFormatError
 */
export async function surveyTrace(path: string): Promise<TraceSurvey> {
  const hash = createHash('sha256');
  let rows = 0;
  let inputTokens = 0n;
  let outputTokens = 0n;
  for await (const row of traceRows(path, hash)) {
    rows++;
    inputTokens += BigInt(row.inputTokens);
    outputTokens += BigInt(row.outputTokens);
  }
  return { digest: hash.digest('hex'), rows, inputTokens, outputTokens };
}

/** A row of an Azure LLM inference trace: one request. */
export interface TraceRow {
  /** RFC 3339, UTC, microseconds. */
  readonly occurredAt: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** The columns of the trace, in the file's order. */
export const TRACE_COLUMNS = ['TIMESTAMP', 'ContextTokens', 'GeneratedTokens'] as const;

/** A line that is not what the trace promises. Names line and column, both counted from 1. */
export class TraceFormatError extends Error {
  constructor(
    readonly line: number,
    readonly column: number,
    reason: string,
  ) {
    super(`line ${line}, column ${column}${TRACE_COLUMNS[column - 1] ? ` (${TRACE_COLUMNS[column - 1]})` : ''}: ${reason}`);
    this.name = 'TraceFormatError';
  }
}

const TIMESTAMP = /^(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:\+00:00|Z)?$/;
const TOKENS = /^\d{1,15}$/;

/** Checks the first line of the file. @throws TraceFormatError */
export function checkHeader(text: string): void {
  const names = text.replace(/^\uFEFF/, '').split(',');
  TRACE_COLUMNS.forEach((expected, index) => {
    if (names[index] !== expected) throw new TraceFormatError(1, index + 1, `expected the column name, found ${quote(names[index])}`);
  });
  if (names.length > TRACE_COLUMNS.length) throw new TraceFormatError(1, TRACE_COLUMNS.length + 1, 'expected three columns');
}

/**
 * Parses one line. Token counts are exact integers; the timestamp is UTC and keeps its microseconds (further
 * digits are cut, not rounded, so that a request never moves into the next second, day or month).
 *
 * @throws TraceFormatError naming line and column
 */
export function parseTraceRow(text: string, line: number): TraceRow {
  const fields = text.split(',');
  if (fields.length !== TRACE_COLUMNS.length) {
    const column = Math.min(fields.length + 1, TRACE_COLUMNS.length + 1);
    throw new TraceFormatError(line, column, `expected ${TRACE_COLUMNS.length} columns, found ${fields.length}`);
  }
  return {
    occurredAt: parseTimestamp(fields[0]!, line),
    inputTokens: parseTokens(fields[1]!, line, 2),
    outputTokens: parseTokens(fields[2]!, line, 3),
  };
}

function parseTimestamp(text: string, line: number): string {
  const match = TIMESTAMP.exec(text);
  if (!match) throw new TraceFormatError(line, 1, `expected a UTC time such as 2023-11-16 18:17:03.9799600, found ${quote(text)}`);
  const [, year, month, day, hour, minute, second, fraction = ''] = match;
  const seconds = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const date = new Date(`${seconds}.000Z`);
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 19) !== seconds) {
    throw new TraceFormatError(line, 1, `there is no such time: ${quote(text)}`);
  }
  return `${seconds}.${fraction.padEnd(6, '0').slice(0, 6)}Z`;
}

function parseTokens(text: string, line: number, column: number): number {
  if (!TOKENS.test(text)) throw new TraceFormatError(line, column, `expected a whole number of tokens, found ${quote(text)}`);
  return Number(text);
}

function quote(text: string | undefined): string {
  if (text === undefined) return 'nothing';
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

import { type Difference } from './difference.js';

/** What a job says to whoever started it: one line of JSON each on its standard output. */
export type JobMessage =
  | { readonly kind: 'progress'; readonly done: number; readonly total: number }
  /** Asks, and waits for one line on its standard input: `yes`, or anything else. */
  | { readonly kind: 'differences'; readonly differences: readonly Difference[] }
  /** The last one of a job that did what it was asked to. */
  | { readonly kind: 'result'; readonly result: unknown }
  /** The last one of a job that could not. */
  | { readonly kind: 'failed'; readonly message: string };

export const formatJobMessage = (message: JobMessage): string => `${JSON.stringify(message)}\n`;

/** The message in a line; null when the line is something else, such as a library's own output. */
export function parseJobMessage(line: string): JobMessage | null {
  if (!line.startsWith('{"kind":')) return null;
  try {
    return JSON.parse(line) as JobMessage;
  } catch {
    return null;
  }
}

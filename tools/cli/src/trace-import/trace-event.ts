import { type NumberedRow } from './trace-file.js';

/** Whom and what the trace's requests are recorded for: the trace itself names neither. */
export interface TraceSubject {
  readonly customer: string;
  readonly provider: string;
  readonly model: string;
}

/**
 * The identity's source of every event of one file. With the line as the id, importing the same bytes again
 * names the same events, wherever the file lies and whatever it is called.
 *
 * @param digest SHA-256 of the file, 64 hex digits
 */
export const traceSource = (digest: string): string => `import:azure-llm-trace:${digest.slice(0, 32)}`;

/** The native event of one row, as JSON text. */
export function traceEvent(row: NumberedRow, source: string, subject: TraceSubject): string {
  return JSON.stringify({
    id: String(row.line),
    source,
    customer_id: subject.customer,
    provider: subject.provider,
    model: subject.model,
    usage: { input_tokens: row.inputTokens, output_tokens: row.outputTokens },
    occurred_at: row.occurredAt,
  });
}

import { STATUS_CODES, type ServerResponse } from 'node:http';

/** An RFC 9457 problem as text. */
export function problemText(status: number, code: string, detail: string): string {
  return JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code, detail });
}

/** Answers with problem details, unless an answer has begun. */
export function sendProblem(response: ServerResponse, status: number, code: string, detail: string, headers: Record<string, string> = {}): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = problemText(status, code, detail);
  response.writeHead(status, { ...headers, 'content-type': 'application/problem+json; charset=utf-8', 'content-length': Buffer.byteLength(body) }).end(body);
}

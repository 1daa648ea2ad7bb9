import { STATUS_CODES } from 'node:http';
import { type Socket } from 'node:net';
import { PROBLEM_TYPE, problemBody } from './problem-body.js';

const BY_CODE: Record<string, [status: number, code: string, detail: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'request_timeout', 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'headers_too_large', 'The request headers are too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'body_too_large', 'The chunk extensions are too large.'],
};

/** Answers what never became a request (a stalled head or body, broken HTTP) and closes the connection. */
export function answerClientError(error: Error & { code?: string; rawPacket?: Buffer }, socket: Socket, headers: Readonly<Record<string, string>>): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, code, detail] = BY_CODE[error.code ?? ''] ?? [400, 'malformed_request', 'The request is not valid HTTP.'];
  const body = JSON.stringify(problemBody(status, code, detail));
  const lines = { ...headers, 'content-type': PROBLEM_TYPE, 'content-length': Buffer.byteLength(body), connection: 'close' };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${isHead(error.rawPacket) ? '' : body}`, () => socket.destroySoon());
}

/** To HEAD, an answer has no body. */
const isHead = (packet: Buffer | undefined): boolean => packet?.subarray(0, 5).toString('latin1') === 'HEAD ';

import { STATUS_CODES } from 'node:http';
import { type FastifyReply } from 'fastify';

/** Answers with RFC 9457 problem details. */
export function sendProblem(reply: FastifyReply, status: number, code: string, detail: string): FastifyReply {
  return reply
    .code(status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code, detail }));
}

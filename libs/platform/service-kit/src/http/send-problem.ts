import { type FastifyReply } from 'fastify';
import { PROBLEM_TYPE, problemBody } from './problem-body.js';
import { type ProblemError } from './problem-error.js';

const JSON_TYPE = 'application/json; charset=utf-8';

/** Answers with problem+json, or as the route's dialect has it; does nothing when an answer has begun already. */
export function sendProblem(reply: FastifyReply, problem: ProblemError): void {
  if (reply.sent || reply.raw.headersSent) return;
  const { errorBody } = reply.request.routeOptions?.config ?? {};
  const body = errorBody?.(problem) ?? problemBody(problem.status, problem.code, problem.detail, problem.errors);
  void reply
    .code(problem.status)
    .headers({ ...problem.headers })
    .header('content-type', errorBody ? JSON_TYPE : PROBLEM_TYPE)
    .serializer((payload: unknown) => payload as string)
    .send(JSON.stringify(body));
}

import { type FastifyReply } from 'fastify';
import { PROBLEM_TYPE, problemBody } from './problem-body.js';
import { type ProblemError } from './problem-error.js';

/** Answers with problem+json; does nothing when an answer has begun already. */
export function sendProblem(reply: FastifyReply, problem: ProblemError): void {
  if (reply.sent || reply.raw.headersSent) return;
  const body = problemBody(problem.status, problem.code, problem.detail, problem.errors);
  void reply
    .code(problem.status)
    .headers({ ...problem.headers })
    .header('content-type', PROBLEM_TYPE)
    .serializer((payload: unknown) => payload as string)
    .send(JSON.stringify(body));
}

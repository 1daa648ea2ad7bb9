import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { type Logger } from 'pino';
import { throwError } from 'rxjs';
import { sendProblem } from './send-problem.js';
import { toProblem } from './to-problem.js';

/** The last stop of every error of a request, the framework's own included. A stack goes to the log and nowhere else. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): unknown {
    // A consumer's error belongs to its transport, which knows whether to try again.
    if (host.getType() !== 'http') return throwError(() => error);
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const problem = toProblem(error);
    const callerLeft = request.raw?.destroyed === true && request.raw.complete !== true;
    if (problem.status >= 500 && !callerLeft) {
      this.logger.error({ err: error, method: request.method, route: request.routeOptions?.url }, 'request failed');
    }
    sendProblem(host.switchToHttp().getResponse<FastifyReply>(), problem);
    return undefined;
  }
}

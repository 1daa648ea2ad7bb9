import { type FastifyInstance } from 'fastify';

const SWEEP_MS = 50;
/** A request still not answered by then, most likely a body that stalls, must not keep the process past its own limit. */
const CUT_AFTER_MS = 5_000;

/**
 * Makes a server end its connections once told to: requests in flight are answered with `connection: close`, and connections that
 * fall idle are closed. Without it a client that keeps its connection alive keeps the process alive.
 */
export function drainConnections(fastify: FastifyInstance): { begin(): void; end(): void } {
  let draining = false;
  let sweep: NodeJS.Timeout | undefined;
  let cut: NodeJS.Timeout | undefined;
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (draining) reply.header('connection', 'close');
    done(null, payload);
  });
  return {
    begin() {
      draining = true;
      sweep = setInterval(() => fastify.server.closeIdleConnections(), SWEEP_MS);
      cut = setTimeout(() => fastify.server.closeAllConnections(), CUT_AFTER_MS);
    },
    end() {
      clearInterval(sweep);
      clearTimeout(cut);
    },
  };
}

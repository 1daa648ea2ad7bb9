import { type z } from 'zod';
import { ConfigError } from './config/config-error.js';
import { createLogger } from './logging/create-logger.js';
import { type RunningService, type ServiceOptions, startService } from './start-service.js';

/** A supervisor kills after 10 s; what has not drained by then is given up here, visibly. */
const DRAIN_LIMIT_MS = 7_500;

/**
 * Runs a service as this process until SIGTERM or SIGINT, then drains and exits 0. Exits 1 on a bad environment (each variable
 * named on stderr), a failed start, an error nobody caught, or a drain that does not end.
 */
export async function runService<S extends z.ZodObject>(options: ServiceOptions<S>): Promise<void> {
  let running: RunningService | undefined;
  /** Speaks until the service has a logger of its own. */
  const bootLogger = createLogger(options.name, process.env['INSTANCE_ID'] ?? `pid-${process.pid}`, 'info');
  const fail = (message: string) => (error: unknown) => {
    (running?.logger ?? bootLogger).fatal({ err: error }, message);
    process.exit(1);
  };
  process.on('uncaughtException', fail('an error nobody caught'));
  process.on('unhandledRejection', fail('a rejection nobody handled'));

  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    (running?.logger ?? bootLogger).info({ signal }, 'stopping');
    setTimeout(() => fail('not drained in time')(undefined), DRAIN_LIMIT_MS).unref();
    if (!running) process.exit(0);
    running.close().then(() => process.exit(0), fail('draining failed'));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  try {
    running = await startService(options, process.env);
  } catch (error) {
    if (error instanceof ConfigError) {
      process.stderr.write(`${options.name}: ${error.message}\n`);
      process.exit(1);
    }
    fail('the service could not start')(error);
  }
}

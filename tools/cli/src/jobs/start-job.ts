import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Difference, parseJobMessage } from '@ledgerline/rebuild';
import { CliError, ExitCode } from '../exit.js';

const SERVICES = new URL('../../../../services/', import.meta.url);
/** Kept of what a job writes to standard error, for the message when it fails. */
const ERROR_CHARS = 4_000;

export interface JobStart {
  readonly service: string;
  /** The job's main file without its suffix, beside the service's own. */
  readonly job: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (done: number, total: number) => void;
  readonly accept: (differences: readonly Difference[]) => Promise<boolean>;
}

/**
 * Runs a job of a service as a child process, in that service's environment, and resolves with its result. It ends with this process.
 * @throws CliError with the job's own words when it could not do what it was asked to
 */
export async function startJob({ service, job, args, env, onProgress, accept }: JobStart): Promise<unknown> {
  const main = fileURLToPath(new URL(`${service}/dist/${job}.js`, SERVICES));
  const child = spawn(process.execPath, ['--enable-source-maps', main, ...args], { env: { ...env, NODE_OPTIONS: '' }, stdio: ['pipe', 'pipe', 'pipe'] });
  const end = (): void => void child.kill('SIGTERM');
  process.once('exit', end);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + String(chunk)).slice(-ERROR_CHARS)));
  // A job that ended does not read its answer; its exit tells.
  child.stdin.on('error', () => undefined);
  const exited = once(child, 'exit');
  let outcome: { result: unknown } | undefined;
  let failure = '';
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const message = parseJobMessage(line);
      if (message?.kind === 'progress') onProgress(message.done, message.total);
      if (message?.kind === 'differences') child.stdin.write((await accept(message.differences)) ? 'yes\n' : 'no\n');
      if (message?.kind === 'result') outcome = { result: message.result };
      if (message?.kind === 'failed') failure = message.message;
    }
    await exited;
  } finally {
    process.off('exit', end);
  }
  if (outcome === undefined) throw new CliError(`${service}/${job} failed: ${failure || errors.trim() || 'it ended without a word'}`, ExitCode.couldNotRun);
  return outcome.result;
}

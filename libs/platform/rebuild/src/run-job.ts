import { createInterface } from 'node:readline';
import { type z } from 'zod';
import { loadConfig } from '@ledgerline/service-kit';
import { type Difference } from './difference.js';
import { formatJobMessage, type JobMessage } from './job-messages.js';

/** How a job speaks with whoever started it. */
export interface JobTerms {
  progress(done: number, total: number): void;
  /** Shows differences and waits for the answer. */
  accept(differences: readonly Difference[]): Promise<boolean>;
}

/**
 * Runs a job as this process: its configuration is the service's own environment, and what it has to say goes to standard output.
 * Exits 1 when it fails.
 */
export async function runJob<S extends z.ZodObject>(schema: S, job: (config: z.infer<S>, terms: JobTerms) => Promise<unknown>): Promise<void> {
  const say = (message: JobMessage): void => void process.stdout.write(formatJobMessage(message));
  try {
    // A job listens nowhere.
    const config = loadConfig(schema, { ...process.env, PORT: '0' });
    const result = await job(config, {
      progress: (done, total) => say({ kind: 'progress', done, total }),
      accept: async (differences) => {
        say({ kind: 'differences', differences });
        return (await nextLine()) === 'yes';
      },
    });
    say({ kind: 'result', result });
  } catch (error) {
    say({ kind: 'failed', message: (error as Error).message });
    process.exitCode = 1;
  }
}

/** One line of standard input; '' when it ends. */
async function nextLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  try {
    return await new Promise<string>((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(''));
    });
  } finally {
    lines.close();
  }
}

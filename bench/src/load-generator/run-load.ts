import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type LoadJob, type LoadReport } from './job.js';

const PROGRAM = fileURLToPath(new URL('main.js', import.meta.url));

/** A load generator at work in its own process. */
export interface RunningLoad {
  readonly pid: number;
  /** Rejects with what it printed when an event was not accepted. */
  readonly report: Promise<LoadReport>;
}

/** Starts the load generator as a process of its own, so that its work is nobody else's and can be counted. */
export function startLoad(job: LoadJob): RunningLoad {
  const child = spawn(process.execPath, ['--enable-source-maps', PROGRAM, JSON.stringify(job)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  const report = new Promise<LoadReport>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(JSON.parse(out) as LoadReport) : reject(new Error(`the load generator ended with ${code}: ${errors.trim()}`))));
  });
  return { pid: child.pid!, report };
}

export const runLoad = (job: LoadJob): Promise<LoadReport> => startLoad(job).report;

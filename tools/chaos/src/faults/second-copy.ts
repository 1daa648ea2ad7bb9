import { freePorts, launch, type RunningProcess, type ServiceName, type WholeStack } from '@ledgerline/local-stack';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

const STOP_MS = 10_000;

/** A second copy of a service beside the one that the stack runs, with a name and data of its own. */
export async function startSecondCopy(stack: WholeStack, service: ServiceName): Promise<RunningProcess> {
  const [port] = await freePorts(1);
  const dataDir = join(stack.home, 'second', service);
  mkdirSync(dataDir, { recursive: true });
  const env = { ...stack.serviceEnvironment(service), INSTANCE_ID: 'second', DATA_DIR: dataDir, PRICING_INDEX_DIR: join(dataDir, 'index') };
  return launch({
    command: process.execPath,
    args: ['--enable-source-maps', join(stack.servicesDir, service, 'dist/main.js')],
    logFile: join(stack.home, 'logs', `second-${service}.log`),
    killAfterMs: STOP_MS,
    env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production', ...env, HOST: '127.0.0.1', PORT: String(port) },
  });
}

import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { type BenchStack } from '../stack/bench-stack.js';
import { connectNats } from '@ledgerline/messaging';
import { selectRows } from '@ledgerline/clickhouse';
import { type Landing } from '../stack/landing.js';

/** What the figures were measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly platform: string;
  readonly node: string;
  readonly clickhouse: string;
  readonly postgres: string;
  readonly nats: string;
  /** The commit measured, with `+changes` when files differ from it; null outside a git tree. */
  readonly commit: string | null;
  /** ISO 8601. */
  readonly date: string;
}

export async function describeMachine(stack: BenchStack, landing: Landing): Promise<Machine> {
  const [clickhouse] = await selectRows<{ v: string }>(landing.clickhouse, 'SELECT version() AS v');
  const postgres = await landing.postgres.query<{ server_version: string }>('SHOW server_version');
  const nats = await connectNats(stack.natsUrl, 'ledgerline-bench');
  const natsVersion = nats.info?.version ?? 'unknown';
  await nats.close();
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    platform: `${process.platform}-${process.arch}`,
    node: process.versions.node,
    clickhouse: clickhouse!.v,
    postgres: postgres.rows[0]!.server_version,
    nats: natsVersion,
    commit: commit(),
    date: new Date().toISOString(),
  };
}

function commit(): string | null {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+changes');
  } catch {
    return null;
  }
}

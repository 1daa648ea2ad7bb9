import { execFile, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where downloads of this machine's user are kept, shared by all clones. */
function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  try {
    mkdirSync(join(base, 'ledgerline'), { recursive: true });
    return join(base, 'ledgerline');
  } catch {
    return join(tmpdir(), `ledgerline-cache-${process.getuid?.() ?? 0}`);
  }
}

function howToInstall(reason: string): string {
  const own = {
    darwin: 'brew install nats-server',
    linux: 'apt install nats-server  (or your distribution\'s package, or a release of https://github.com/nats-io/nats-server)',
  }[process.platform as 'darwin' | 'linux'];
  return `No nats-server found: not in NATS_SERVER_BIN, not on PATH${reason}. Install it: ${own ?? 'https://nats.io/download'}; or set NATS_SERVER_BIN to its path. Version 2.9.10 or later.`;
}

/**
 * Takes the package out of Debian's or Ubuntu's own archive, without root and without installing it.
 * The package lists may be empty (as in most containers), so they are fetched into our own folder.
 */
async function fromPackageArchive(cache: string): Promise<string> {
  const target = join(cache, 'nats-server');
  const binary = join(target, 'usr/sbin/nats-server');
  if (isExecutable(binary)) return binary;
  const work = join(cache, `nats-download-${process.pid}`);
  mkdirSync(join(work, 'lists/partial'), { recursive: true });
  mkdirSync(join(work, 'archives/partial'), { recursive: true });
  try {
    const apt = ['-qq', '-o', `Dir::State::lists=${work}/lists`, '-o', `Dir::Cache=${work}`, '-o', 'APT::Sandbox::User=root'];
    await run('apt-get', [...apt, 'update'], { cwd: work });
    await run('apt-get', [...apt, 'download', 'nats-server'], { cwd: work });
    const archive = readdirSync(work).find((file) => file.endsWith('.deb'));
    if (!archive) throw new Error('apt-get download brought no package');
    await run('dpkg', ['-x', archive, 'unpacked'], { cwd: work });
    const unpacked = join(work, 'unpacked');
    if (existsSync(join(unpacked, 'usr/bin/nats-server'))) {
      mkdirSync(join(unpacked, 'usr/sbin'), { recursive: true });
      renameSync(join(unpacked, 'usr/bin/nats-server'), join(unpacked, 'usr/sbin/nats-server'));
    }
    rmSync(target, { recursive: true, force: true });
    renameSync(unpacked, target);
    return binary;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * The nats-server to run: NATS_SERVER_BIN, else on PATH, else from the distribution's archive.
 * Throws with the commands that install it when there is none.
 */
export async function findNatsBinary(): Promise<string> {
  const named = process.env['NATS_SERVER_BIN'];
  if (named) {
    if (!isExecutable(named)) throw new Error(`NATS_SERVER_BIN names ${named}, which cannot be executed.`);
    return named;
  }
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin'];
  for (const folder of folders) {
    const candidate = join(folder, 'nats-server');
    if (folder && isExecutable(candidate)) return candidate;
  }
  const cache = cacheFolder();
  if (spawnSync('apt-get', ['--version']).status !== 0) throw new Error(howToInstall(''));
  try {
    return await fromPackageArchive(cache);
  } catch (error) {
    const detail = ((error as { stderr?: string }).stderr || (error as Error).message).trim().split('\n').at(-1);
    throw new Error(howToInstall(`, and apt-get could not bring it (${detail})`));
  }
}

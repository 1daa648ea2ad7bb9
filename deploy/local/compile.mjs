/**
 * Compiles services. `node deploy/local/compile.mjs` in a service's folder writes its `dist`, without failpoints.
 * `node deploy/local/compile.mjs --failpoints FOLDER` compiles them all, with failpoints, to `FOLDER/<service>/dist`.
 *
 * A failpoint is a statement on a line of its own, and so is what imports it: a production build leaves those lines out before it compiles,
 * and refuses a file in which anything of them is left.
 */
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CALL = /^\s*(?:await )?failpoint\('[\w.-]+'(?:, [^;]*)?\);$/;
const IMPORT = /^import (?:\{ failpoint \} from )?'@ledgerline\/failpoints';$/;

/** The source without its failpoints; lines keep their numbers. */
export function withoutFailpoints(source, file) {
  const stripped = source.split('\n').map((line) => (CALL.test(line) || IMPORT.test(line) ? '' : line)).join('\n');
  if (/failpoint/i.test(stripped)) throw new Error(`${file}: a failpoint, and the import of failpoint, must each be a line of its own`);
  return stripped;
}

/** Compiles `service`/src into `out`. */
export function compileService(service, out, { failpoints = false } = {}) {
  const { exclude, ...options } = JSON.parse(readFileSync(join(ROOT, '.swcrc'), 'utf8'));
  const excluded = exclude.map((pattern) => new RegExp(pattern));
  const files = readdirSync(join(service, 'src'), { recursive: true }).filter((file) => file.endsWith('.ts') && !excluded.some((pattern) => pattern.test(file)));
  rmSync(out, { recursive: true, force: true });
  for (const file of files) {
    const path = join(service, 'src', file);
    const source = readFileSync(path, 'utf8');
    const target = join(out, file.replace(/\.ts$/, '.js'));
    const { code, map } = transformSync(failpoints ? source : withoutFailpoints(source, path), { ...options, swcrc: false, filename: path, sourceFileName: relative(dirname(target), path) });
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, `${code}\n//# sourceMappingURL=${relative(dirname(target), target)}.map\n`);
    writeFileSync(`${target}.map`, map);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [flag, folder] = process.argv.slice(2);
  const services = join(ROOT, 'services');
  if (flag === '--failpoints') for (const name of readdirSync(services)) compileService(join(services, name), join(folder, name, 'dist'), { failpoints: true });
  else compileService(process.cwd(), join(process.cwd(), 'dist'));
}

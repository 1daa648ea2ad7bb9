/**
 * Run after every change of dependencies: `npm install && node tools/normalise-lockfile.mjs`.
 *
 * Makes package-lock.json the same wherever it was written: no download addresses, and an entry for
 * the binaries of every platform. A registry that does not carry another platform's package leaves
 * its entry out, after which `npm ci` refuses the whole file on every platform.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const file = 'package-lock.json';
const lock = JSON.parse(readFileSync(file, 'utf8'));
const OS = /(?:^|[-/])(linux|darwin|win32|freebsd|android|openharmony|aix|sunos|netbsd|openbsd)(?:-|$)/;
const CPU = /-(x64|arm64|aarch64|arm|armv7|ia32|ppc64|s390x|riscv64|loong64|wasm32)(?:-|$)/;

for (const entry of Object.values(lock.packages)) {
  if (/^https?:/.test(entry.resolved ?? '')) delete entry.resolved;
}
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${path ? `${path}/` : ''}node_modules/${name}`;
    const hoisted = `node_modules/${name}`;
    const os = OS.exec(name)?.[1];
    if (lock.packages[nested] ?? lock.packages[hoisted]) continue;
    if (!os || !/^\d/.test(version)) continue;
    const cpu = CPU.exec(name)?.[1];
    lock.packages[hoisted] = {
      version,
      ...(cpu ? { cpu: [cpu === 'aarch64' ? 'arm64' : cpu === 'armv7' ? 'arm' : cpu] } : {}),
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      os: [os],
    };
  }
}
const sorted = Object.keys(lock.packages).sort((a, b) => (a < b ? -1 : 1));
lock.packages = Object.fromEntries(sorted.map((key) => [key, lock.packages[key]]));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);

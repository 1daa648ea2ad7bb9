import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SERVICES } from './parts.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Every file below a folder, with its content. */
function filesIn(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => [join(entry.parentPath, entry.name), readFileSync(join(entry.parentPath, entry.name), 'utf8')]);
}

/** The names in the sources of the services. */
const names = SERVICES.flatMap((service) => filesIn(join(ROOT, 'services', service, 'src'))).flatMap(([, text]) => [...text.matchAll(/failpoint\('([\w.-]+)'/g)].map(([, name]) => name!));

/** What a build makes of a source that names a failpoint in a way of its own. */
function strip(source: string): string {
  const program = `import { withoutFailpoints } from ${JSON.stringify(join(ROOT, 'deploy/local/compile.mjs'))}; process.stdout.write(withoutFailpoints(${JSON.stringify(source)}, 'a.ts'));`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

describe('a production build', () => {
  it('holds no failpoint: none of their names, no call, no import', () => {
    expect(names.length).toBeGreaterThan(10);
    const services = SERVICES.flatMap((service) => filesIn(join(ROOT, 'services', service, 'dist')));
    const libs = globSync('libs/**/dist', { cwd: ROOT, exclude: ['**/node_modules'] }).flatMap((folder) => filesIn(join(ROOT, folder)));
    expect(services.length).toBeGreaterThan(100);
    expect(libs.length).toBeGreaterThan(100);
    for (const [file, text] of services) expect({ file, found: [...names, 'failpoint'].filter((name) => text.includes(name)) }).toEqual({ file, found: [] });
    for (const [file, text] of libs.filter(([file]) => file.endsWith('.js'))) expect({ file, found: names.filter((name) => text.includes(name)) }).toEqual({ file, found: [] });
  });

  it('leaves out whole lines, so that all others keep their numbers', () => {
    expect(strip("import { failpoint } from '@ledgerline/failpoints';\na();\n  await failpoint('x.y');\n  failpoint('x.z', () => new Error('no'));\nb();")).toBe('\na();\n\n\nb();');
  });

  it('refuses a failpoint that it cannot leave out', () => {
    for (const source of ["if (a) failpoint('x.y');", "failpoint('x.y'); b();", "const f = failpoint;", "import { failpoint, FailpointError } from '@ledgerline/failpoints';"]) {
      expect(() => strip(source)).toThrow('a line of its own');
    }
  });
});

/**
 * What `npm start`, `npm test`, `npm run cli`, `npm run bench`, `npm run chaos`, `npm run openapi`,
 * `npm run fuzz`, `npm run test:python` and `npm run start:service` run.
 *
 * Begins on whatever Node >= 20 the machine has, with nothing but its built-ins: installs what is
 * missing, goes on under the Node 24 that the install brought, builds what changed, then hands over.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build, ROOT } from './build.mjs';
import { install } from './install.mjs';

const NODE_MAJOR = 24;

/** What each command runs, and with which arguments of its own. */
const COMMANDS = {
  start: () => import('./dist/main.js').then(({ start }) => start()),
  test: (args) => import('./run-tests.mjs').then(({ runTests }) => runTests(args)),
  cli: (args) => program('tools/cli/dist/main.js', args),
  bench: (args) => program('bench/dist/main.js', args),
  chaos: (args) => program('tools/chaos/dist/main.js', args),
  openapi: (args) => program('tools/openapi/dist/main.js', args),
  fuzz: (args) => program('tools/openapi/dist/fuzz/main.js', args),
  python: (args) => program('tools/e2e/dist/python/main.js', args),
  service: ([name = '', ...args]) => {
    const main = `services/${name}/dist/main.js`;
    if (!/^[a-z-]+$/.test(name) || !existsSync(join(ROOT, main))) throw new Error(`There is no service "${name}". Usage: npm run start:service -- NAME`);
    return program(main, args);
  },
};

/** Runs a compiled program in this process, as if node had been started with it. */
function program(file, args) {
  process.argv = [process.execPath, join(ROOT, file), ...args];
  process.setSourceMapsEnabled(true);
  return import(join(ROOT, file));
}

function nodeFromInstall() {
  const platform = `${process.platform}-${process.arch}`;
  const found = [`node-${platform}`, `node-bin-${platform}`].map((name) => join(ROOT, 'node_modules', name, 'bin/node')).find((file) => existsSync(file));
  if (!found) throw new Error(`Ledgerline needs Node ${NODE_MAJOR}; this is ${process.version}, and there is none for ${platform} among the packages. Install it: https://nodejs.org`);
  return found;
}

/** Starts this file again under Node 24 and ends as that ends. The channel tells it when this process is gone. */
function goOnUnderNode24() {
  const child = spawn(nodeFromInstall(), process.argv.slice(1), { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : code));
}

function endWithParent() {
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}

const [command = '', ...args] = process.argv.slice(2);
try {
  const run = COMMANDS[command];
  if (!run) throw new Error(`Usage: bootstrap.mjs ${Object.keys(COMMANDS).join('|')}`);
  await install();
  if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR) {
    goOnUnderNode24();
  } else {
    if (process.channel) endWithParent();
    build('Building…');
    await run(args);
  }
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

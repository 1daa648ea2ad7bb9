import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type StackFile } from './home/stack-file.js';
import { PARTS, portVariable, SERVICES } from './parts.js';
import { eventually } from './process/eventually.js';
import { launch, type RunningProcess } from './process/launch.js';
import { freePorts } from './process/ports.js';
import { isAlive } from './process/stale.js';
import { removeCluster } from './servers/postgres-place.js';

const BOOTSTRAP = fileURLToPath(new URL('../bootstrap.mjs', import.meta.url));

/** One stack for the whole file, under a parent of mode 0700 as mkdtemp makes it. */
describe('npm start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledgerline-stack-'));
  const home = join(folder, 'home');
  const terminal = join(folder, 'terminal.log');
  let ports: Record<string, number>;
  let environment: NodeJS.ProcessEnv;
  let supervisor: RunningProcess;

  const printed = (): string => readFileSync(terminal, 'utf8');
  const edge = (path: string, init?: RequestInit): Promise<Response> => fetch(`http://127.0.0.1:${ports['edge']}${path}`, init);
  const stack = (): StackFile => JSON.parse(readFileSync(join(home, 'stack.json'), 'utf8')) as StackFile;
  const key = (): string => readFileSync(join(home, 'admin-key'), 'utf8').trim();
  const authorised = (): RequestInit => ({ headers: { authorization: `Bearer ${key()}` } });

  async function start(): Promise<void> {
    rmSync(terminal, { force: true });
    supervisor = await launch({ command: process.execPath, args: [BOOTSTRAP, 'start'], env: environment, logFile: terminal, killAfterMs: 15_000 });
    let ended = false;
    void supervisor.exited.then(() => (ended = true));
    await eventually(
      () => {
        if (ended) return true;
        return printed().includes('Ledgerline runs.');
      },
      { timeoutMs: 60_000, intervalMs: 50 },
    );
    if (ended) throw new Error(printed());
  }

  beforeAll(async () => {
    const free = await freePorts(PARTS.length);
    ports = Object.fromEntries(PARTS.map(({ name }, index) => [name, free[index] as number]));
    environment = { ...process.env, LEDGERLINE_HOME: home, LEDGERLINE_ADMIN_KEY: '', NATS_URL: '', DATABASE_URL: '', CLICKHOUSE_URL: '' };
    for (const { name } of PARTS) environment[portVariable(name)] = String(ports[name]);
    await start();
  }, 90_000);

  afterAll(async () => {
    await supervisor?.stop();
    removeCluster(join(home, 'data/postgres'));
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  it('is ready only when every service is, and needs no key to say so', async () => {
    const answer = await edge('/readyz');
    expect(answer.status).toBe(200);
    const { services } = (await answer.json()) as { services: Record<string, { ready: boolean }> };
    expect(services).toEqual(Object.fromEntries(SERVICES.map((name) => [name, { ready: true }])));
  });

  it('ends with a curl line that records an event when pasted', async () => {
    const line = /^ *(curl .*)$/m.exec(printed())?.[1] as string;
    const answer = JSON.parse(execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8' })) as { results: { usage_id: string; status: string }[] };
    expect(answer.results).toMatchObject([{ status: 'accepted' }]);
    const event = await eventually(
      async () => {
        const found = await edge(`/v1/events/${answer.results[0]?.usage_id}`, authorised());
        return found.status === 200 && ((await found.json()) as { customer_id?: string; data?: { customer_id: string } });
      },
      { timeoutMs: 15_000 },
    );
    expect(JSON.stringify(event)).toContain('"customer_id":"acme"');
  });

  it('shows the admin key it made, and keeps it where only its owner can read', () => {
    expect(printed()).toContain(key());
    for (const file of ['admin-key', 'usage-id-key', 'stack.json', 'postgres-password', 'clickhouse-password']) {
      expect([file, (statSync(join(home, file)).mode & 0o777).toString(8)]).toEqual([file, '600']);
    }
  });

  it('lets nobody in without a key', async () => {
    for (const path of ['/v1/events', '/v1/summaries', '/v1/quotas', '/v1/alerts', '/v1/keys', '/v1/customers']) {
      expect([path, (await edge(path)).status]).toEqual([path, 401]);
    }
  });

  it('listens on loopback only', async () => {
    const outside = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []).filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const { address } of outside) {
      for (const { name } of PARTS) {
        // The address is ours, so its port is free exactly when nothing there listens on it.
        const free = await new Promise((resolve) => {
          const probe = createServer().once('error', () => resolve(false));
          probe.listen(ports[name], address, () => probe.close(() => resolve(true)));
        });
        expect([name, free]).toEqual([name, true]);
      }
    }
  });

  it('names a taken port and the variable that moves it', async () => {
    const log = join(folder, 'second.log');
    const second = await launch({ command: process.execPath, args: [BOOTSTRAP, 'start'], env: { ...environment, LEDGERLINE_HOME: join(folder, 'second') }, logFile: log });
    expect(await second.exited).toMatchObject({ code: 1 });
    expect(readFileSync(log, 'utf8')).toContain(`Port ${ports['quota']} for quota is taken. Set LEDGERLINE_QUOTA_PORT`);
  });

  it('answers 503 with Retry-After for a service that was killed, starts it again, and says so', async () => {
    const { alerting } = stack().processes as { alerting: number };
    process.kill(alerting, 'SIGKILL');
    const answer = await edge('/v1/alerts', authorised());
    expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('content-type')]).toEqual([503, '1', 'application/problem+json; charset=utf-8']);
    await eventually(() => expect(printed()).toMatch(/alerting was ended by SIGKILL; starting it again in 0\.2 s\n.*alerting is back/), { timeoutMs: 20_000 });
    expect((await edge('/v1/alerts', authorised())).status).toBe(200);
  });

  it('stops everything within 10 s on SIGTERM, leaving no process', async () => {
    const pids = Object.values(stack().processes);
    expect(pids.filter(isAlive)).toHaveLength(SERVICES.length + 4);
    const since = performance.now();
    supervisor.kill('SIGTERM');
    expect(await supervisor.exited).toMatchObject({ code: 0 });
    expect(performance.now() - since).toBeLessThan(10_000);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(join(home, 'supervisor.pid'))).toBe(false);
  }, 30_000);

  it('finds its data at the next start, and does not show the key again', async () => {
    await start();
    expect(printed()).not.toContain(key());
    const answer = await edge('/v1/events?customer_id=acme', authorised());
    const { data } = (await answer.json()) as { data: unknown[] };
    expect(data).toHaveLength(1);
  }, 90_000);
});

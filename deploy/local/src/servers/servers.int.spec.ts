import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { eventually } from '../process/eventually.js';
import { freePorts } from '../process/ports.js';
import { isAlive } from '../process/stale.js';
import { startNats } from './nats.js';
import { removeCluster } from './postgres-place.js';
import { startPostgres } from './postgres.js';

/** mkdtemp makes folders of mode 0700: when this runs as root, Postgres's account cannot enter it. */
const folder = mkdtempSync(join(tmpdir(), 'ledgerline-servers-'));
const DIST = fileURLToPath(new URL('../../dist/index.js', import.meta.url));

afterAll(() => {
  removeCluster(join(folder, 'postgres'));
  rmSync(folder, { recursive: true, force: true });
});

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows as unknown[];
  } finally {
    await client.end();
  }
}

describe('the embedded servers', () => {
  it('run Postgres under a folder of mode 0700, as root or not, and find its data after a kill', async () => {
    const options = { dataDir: join(folder, 'postgres'), port: (await freePorts(1))[0] as number, password: 'secret' };
    const first = await startPostgres(options);
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.kill9();
    const second = await startPostgres(options);
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await second.stop();
    expect(isAlive(second.pid)).toBe(false);
  });

  it('are gone soon after whoever started them was killed', async () => {
    const [nats, postgres, http, tcp] = await freePorts(4);
    const program = `
      import { startClickhouse, startNats, startPostgres } from ${JSON.stringify(DIST)};
      const at = (name) => ${JSON.stringify(folder)} + '/' + name;
      const servers = await Promise.all([
        startNats({ dataDir: at('orphan-nats'), port: ${nats} }),
        startPostgres({ dataDir: at('postgres'), port: ${postgres}, password: 'secret' }),
        startClickhouse({ dataDir: at('orphan-clickhouse'), httpPort: ${http}, tcpPort: ${tcp}, password: 'secret' }),
      ]);
      process.stdout.write(JSON.stringify(servers.map(({ pid }) => pid)) + '\\n');
      setInterval(() => {}, 1000);`;
    const starter = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(starter.stdout, 'data')) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];
    expect(pids.map(isAlive)).toEqual([true, true, true]);
    starter.kill('SIGKILL');
    await eventually(() => pids.every((pid) => !isAlive(pid)), { timeoutMs: 12_000 });
  });

  it('say how to get nats-server when the one named cannot be executed', async () => {
    const before = process.env['NATS_SERVER_BIN'];
    process.env['NATS_SERVER_BIN'] = join(folder, 'nowhere');
    try {
      await expect(startNats({ dataDir: join(folder, 'no-nats'), port: 1 })).rejects.toThrow('NATS_SERVER_BIN names');
    } finally {
      if (before === undefined) delete process.env['NATS_SERVER_BIN'];
      else process.env['NATS_SERVER_BIN'] = before;
    }
  });
});

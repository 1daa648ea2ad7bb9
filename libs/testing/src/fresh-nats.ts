import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, type Server, startNats } from '@ledgerline/local-stack';

export interface FreshNats {
  readonly url: string;
  /** Of the process running now. */
  readonly pid: number;
  /** Where its streams are; for tests that take data away. */
  readonly dataDir: string;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
  /** Kills it; data and port stay. */
  kill9(): Promise<void>;
  /** Ends it if it runs, and starts it again on the same data and port. */
  restart(): Promise<void>;
}

/** A nats-server of the test's own, on a free port with its own streams. */
export async function freshNats(): Promise<FreshNats> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ledgerline-nats-'));
  const [port] = (await freePorts(1)) as [number];
  let server: Server = await startNats({ dataDir, port });
  return {
    url: server.url,
    get pid() {
      return server.pid;
    },
    dataDir,
    async stop() {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
    kill9: () => server.kill9(),
    async restart() {
      await server.stop();
      server = await startNats({ dataDir, port });
    },
  };
}

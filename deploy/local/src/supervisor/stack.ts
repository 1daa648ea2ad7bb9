import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Secrets, USAGE_ID_KEY_FILE } from '../home/secrets.js';
import { keptLayout, type StackFile, writeStackFile } from '../home/stack-file.js';
import { SERVICES, type ServiceName } from '../parts.js';
import { startClickhouse } from '../servers/clickhouse.js';
import { startNats } from '../servers/nats.js';
import { startPostgres } from '../servers/postgres.js';
import { type Settings } from '../settings.js';
import { startNodeProgram } from './node-program.js';
import { serviceEnvironment } from './service-environment.js';
import { type Part, Supervised } from './supervised.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const HOT: readonly ServiceName[] = ['ingest', 'pricing', 'aggregation', 'quota'];

/** Longest that each stage of a stop may take; together under the 10 s that a Ctrl-C may last. */
const STOP_MS = { edge: 1_500, services: 5_000, servers: 3_000 };

/** Every part of the local stack under supervision, and what they are told about each other. */
export class Stack {
  readonly servers: readonly Supervised[];
  readonly accounts: Supervised;
  /** All but accounts, which the others get their keys from and which therefore starts before them. */
  readonly services: readonly Supervised[];
  readonly edge: Supervised;
  private readonly file: StackFile;

  constructor(
    private readonly settings: Settings,
    private readonly secrets: Secrets,
    private readonly say: (line: string) => void,
  ) {
    const { home, ports } = settings;
    this.file = {
      ...keptLayout(home),
      nats_url: `nats://127.0.0.1:${ports.nats}`,
      database_url: `postgres://ledgerline:${secrets.postgresPassword}@127.0.0.1:${ports.postgres}/ledgerline`,
      clickhouse_url: `http://ledgerline:${secrets.clickhousePassword}@127.0.0.1:${ports.clickhouse}/ledgerline`,
      usage_id_key_file: USAGE_ID_KEY_FILE,
      ports,
      processes: {},
    };
    for (const folder of ['logs', 'run', 'data']) mkdirSync(join(home, folder), { recursive: true, mode: 0o700 });
    const supervise = (part: Part): Supervised =>
      new Supervised(part, say, (name, pid) => {
        this.file.processes[name] = pid;
        this.writeFile();
      });
    this.servers = this.serverParts().map(supervise);
    this.accounts = supervise(this.servicePart('accounts'));
    this.services = SERVICES.filter((name) => name !== 'accounts').map((name) => supervise(this.servicePart(name)));
    this.edge = supervise(this.edgePart());
  }

  private serverParts(): Part[] {
    const { home, ports } = this.settings;
    const { postgresPassword, clickhousePassword } = this.secrets;
    const place = (name: string): { dataDir: string; logFile: string } => ({ dataDir: join(home, 'data', name), logFile: join(home, 'logs', `${name}.log`) });
    return [
      { name: 'nats', start: (signal) => startNats({ signal, ...place('nats'), port: ports.nats }) },
      { name: 'postgres', start: (signal) => startPostgres({ signal, ...place('postgres'), port: ports.postgres, password: postgresPassword }) },
      {
        name: 'clickhouse',
        start: (signal) => startClickhouse({ signal, ...place('clickhouse'), httpPort: ports.clickhouse, tcpPort: ports['clickhouse-tcp'], password: clickhousePassword }),
      },
    ];
  }

  private servicePart(name: ServiceName): Part {
    const { home, ports } = this.settings;
    const dataDir = join(home, 'data', name);
    const main = join(this.settings.servicesDir ?? join(ROOT, 'services'), name, 'dist/main.js');
    const program = { name, main, root: ROOT, home, port: ports[name], hot: HOT.includes(name), killAfterMs: STOP_MS.services, readyTimeoutMs: 60_000, say: this.say };
    return {
      name,
      start: (signal) => {
        mkdirSync(dataDir, { recursive: true, mode: 0o700 });
        // Made at each start: a recovery changes the generation while this runs.
        return startNodeProgram({ ...program, env: this.environmentOf(name) }, signal);
      },
    };
  }

  private environmentOf(name: ServiceName): Record<string, string> {
    const { home, links } = this.settings;
    const file = { ...this.file, ...keptLayout(home) };
    return serviceEnvironment(name, { home, secrets: this.secrets, file, links: links[name] });
  }

  private edgePart(): Part {
    const { home, ports } = this.settings;
    const upstreams = Object.fromEntries(SERVICES.map((name) => [name, `http://127.0.0.1:${ports[name]}`]));
    const main = join(ROOT, 'deploy/local/dist/edge/main.js');
    const env = { UPSTREAMS: JSON.stringify(upstreams) };
    const program = { name: 'edge', main, root: ROOT, home, port: ports.edge, env, hot: false, killAfterMs: STOP_MS.edge, readyTimeoutMs: 30_000, say: this.say };
    return { name: 'edge', start: (signal) => startNodeProgram(program, signal) };
  }

  /** Ends everything from the outside in: no new work, then what is under way, then the servers below it. */
  async down(): Promise<void> {
    const all = (parts: readonly Supervised[]): Promise<unknown> => Promise.all(parts.map((part) => part.down()));
    await this.edge.down();
    await all([...this.services, this.accounts]);
    await all(this.servers);
    this.file.processes = {};
    this.writeFile();
  }

  private writeFile(): void {
    writeStackFile(this.settings.home, { ...this.file, ...keptLayout(this.settings.home) });
  }
}

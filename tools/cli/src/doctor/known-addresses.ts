import { type Home } from '../connection/home.js';
import { type StackFile } from '../connection/stack-file.js';

/** What is known of a stack; each may be missing. */
export interface KnownAddresses {
  readonly apiUrl: string;
  readonly adminKey?: string;
  readonly natsUrl?: string;
  /** The broker's monitoring endpoint, `http://host:8222`. */
  readonly natsMonitoringUrl?: string;
  readonly databaseUrl?: string;
  readonly clickhouseUrl?: string;
  readonly generation?: number;
  readonly partitions?: number;
  /** Ports of the services of the local stack, by name. */
  readonly servicePorts: Readonly<Record<string, number>>;
  /** The local stack's home, when the stack looked at is the local one. */
  readonly home?: string;
}

const SERVERS = ['nats', 'postgres', 'clickhouse', 'clickhouse-tcp', 'edge'];

/** The stack that the variables name; the local one where they do not name another. */
export function knownAddresses(home: Home, env: NodeJS.ProcessEnv): KnownAddresses {
  const remote = env.LEDGERLINE_URL !== undefined;
  const stack: Partial<StackFile> | undefined = remote ? undefined : home.stack();
  const whole = (text: string | undefined, kept: number | undefined): number | undefined => (text !== undefined && Number(text) >= 1 ? Number(text) : kept);
  return {
    apiUrl: (env.LEDGERLINE_URL ?? `http://127.0.0.1:${env.LEDGERLINE_PORT ?? stack?.ports?.edge ?? 8080}`).replace(/\/+$/, ''),
    adminKey: env.LEDGERLINE_ADMIN_KEY ?? (remote ? undefined : home.adminKey()),
    natsUrl: env.NATS_URL ?? stack?.nats_url,
    natsMonitoringUrl: env.NATS_MONITORING_URL?.replace(/\/+$/, ''),
    databaseUrl: env.DATABASE_URL ?? stack?.database_url,
    clickhouseUrl: env.CLICKHOUSE_URL ?? stack?.clickhouse_url,
    generation: whole(env.GENERATION, stack?.generation),
    partitions: whole(env.PARTITIONS, stack?.partitions),
    servicePorts: Object.fromEntries(Object.entries(stack?.ports ?? {}).filter(([name]) => !SERVERS.includes(name))),
    ...(remote ? {} : { home: home.path }),
  };
}

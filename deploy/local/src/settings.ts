import { resolve } from 'node:path';
import { PARTS, portVariable, type PartName, SERVERS, SERVICES, type ServerName, type ServiceName } from './parts.js';

/** Ports on which services reach servers, by service, where that is not the server's own: something stands in between. */
export type Links = Partial<Record<ServiceName, Partial<Record<ServerName, number>>>>;

/** Where a local stack lives and listens. */
export interface Settings {
  /** Absolute. */
  home: string;
  ports: Record<PartName, number>;
  /** From LEDGERLINE_ADMIN_KEY; one is made when missing. */
  adminKey: string | undefined;
  /** From LEDGERLINE_LINKS, for trials of what happens when a link fails. */
  links: Links;
  /** Absolute: where `<service>/dist/main.js` lies. From LEDGERLINE_SERVICES_DIR; undefined for the checkout's own. */
  servicesDir: string | undefined;
}

/** A variable that cannot be used; the message names it. */
export class SettingsError extends Error {}

function port(name: PartName, fallback: number, env: NodeJS.ProcessEnv): number {
  const variable = portVariable(name);
  const text = env[variable];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_535) throw new SettingsError(`${variable} is "${text}": expected a port from 1 to 65535.`);
  return value;
}

/** Two parts on one port would only show when the second fails to start. */
function refuseSharedPorts(ports: Record<PartName, number>): void {
  const taken = new Map<number, PartName>();
  for (const [name, value] of Object.entries(ports) as [PartName, number][]) {
    const other = taken.get(value);
    if (other) throw new SettingsError(`${portVariable(other)} and ${portVariable(name)} both say ${value}.`);
    taken.set(value, name);
  }
}

function adminKey(env: NodeJS.ProcessEnv): string | undefined {
  const key = env['LEDGERLINE_ADMIN_KEY'] || undefined;
  if (key !== undefined && !/^[\x21-\x7e]{8,256}$/.test(key)) throw new SettingsError('LEDGERLINE_ADMIN_KEY: expected 8 to 256 printable ASCII characters without spaces.');
  return key;
}

function links(env: NodeJS.ProcessEnv): Links {
  const text = env['LEDGERLINE_LINKS'] || '{}';
  const problem = new SettingsError(`LEDGERLINE_LINKS is "${text}": expected {"SERVICE": {"nats" | "postgres" | "clickhouse": PORT}}.`);
  let value: Links | null;
  try {
    value = JSON.parse(text) as Links | null;
  } catch {
    throw problem;
  }
  for (const [service, ports] of Object.entries(value ?? { '': {} })) {
    if (!SERVICES.includes(service as ServiceName) || typeof ports !== 'object' || ports === null) throw problem;
    for (const [server, at] of Object.entries(ports)) if (!SERVERS.includes(server as ServerName) || !Number.isInteger(at)) throw problem;
  }
  return value!;
}

/** Reads the LEDGERLINE_* variables. Throws SettingsError naming the bad one. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const ports = Object.fromEntries(PARTS.map(({ name, defaultPort }) => [name, port(name, defaultPort, env)])) as Record<PartName, number>;
  refuseSharedPorts(ports);
  const servicesDir = env['LEDGERLINE_SERVICES_DIR'] ? resolve(env['LEDGERLINE_SERVICES_DIR']) : undefined;
  return { home: resolve(env['LEDGERLINE_HOME'] || '.ledgerline'), ports, adminKey: adminKey(env), links: links(env), servicesDir };
}

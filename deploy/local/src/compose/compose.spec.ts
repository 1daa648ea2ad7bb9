import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { SERVICES } from '../parts.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

interface ComposeService {
  image?: string;
  build?: string;
  command?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  networks?: string[];
  depends_on?: Record<string, unknown>;
}

interface Compose {
  services: Record<string, ComposeService>;
  networks: Record<string, unknown>;
  volumes: Record<string, unknown>;
}

interface Schema {
  shape: Record<string, unknown>;
  safeParse(env: unknown): { success: boolean; error?: { issues: { path: PropertyKey[]; message: string }[] } };
}

const compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as Compose;
const ours = Object.entries(compose.services).filter(([, { build }]) => build !== undefined);

/** What an operator has to fill in; the example names them and nothing else. */
const example = readFileSync(join(ROOT, 'deploy/compose/example.env'), 'utf8');
const REQUIRED = [...example.matchAll(/^(\w+)=/gm)].map(([, name]) => name as string);

/** A value as compose would hand it over: defaults taken, what has to be filled in made up. */
function interpolate(value: string): string {
  return String(value)
    .replace(/\$\{\w+:-([^}]*)\}/g, '$1')
    .replace(/\$\{\w+:\?[^}]*\}/g, 'f'.repeat(32));
}

/** The schema a service checks its environment against; its name is the service's own affair. */
async function schemaOf(service: string): Promise<Schema> {
  const module = (await import(join(ROOT, 'services', service, 'src/config.ts'))) as Record<string, unknown>;
  const schemas = Object.values(module).filter((value): value is Schema => typeof value === 'object' && value !== null && 'shape' in value && 'safeParse' in value);
  if (schemas.length !== 1) throw new Error(`services/${service}/src/config.ts exports ${schemas.length} schemas.`);
  return schemas[0] as Schema;
}

describe('docker-compose.yml', () => {
  it('runs every service, and its three servers from their official images', () => {
    expect(ours.map(([name]) => name).sort()).toEqual([...SERVICES].sort());
    const images = Object.values(compose.services).map(({ image }) => image?.split(':')[0]);
    expect(images).toEqual(expect.arrayContaining(['nats', 'postgres', 'clickhouse/clickhouse-server']));
  });

  it('starts a main file that exists for each service', () => {
    for (const [name, { command }] of ours) {
      expect(command).toEqual([`services/${name}/dist/main.js`]);
      expect(existsSync(join(ROOT, 'services', name, 'src/main.ts'))).toBe(true);
    }
  });

  it.each(SERVICES)('gives %s only variables it knows, all that it needs, with values it takes', async (name) => {
    const schema = await schemaOf(name);
    const environment = compose.services[name]?.environment ?? {};
    expect(Object.keys(schema.shape)).toEqual(expect.arrayContaining(Object.keys(environment)));
    const given = Object.entries(environment).map(([variable, value]) => [variable, interpolate(value)] as const);
    const { error } = schema.safeParse(Object.fromEntries(given.filter(([, value]) => value !== '')));
    expect(error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []).toEqual([]);
  });

  it('tells every service the same about the log, if it has to know', async () => {
    for (const variable of ['GENERATION', 'PARTITIONS', 'STREAM_MAX_BYTES', 'USAGE_ID_KEY', 'CLICKHOUSE_URL', 'DATABASE_URL', 'NATS_URL']) {
      const told = new Set<string | undefined>();
      for (const [name, { environment = {} }] of ours) {
        if (variable in (await schemaOf(name)).shape) told.add(environment[variable]);
      }
      expect([variable, [...told]]).toEqual([variable, [expect.any(String)]]);
    }
  });

  it('asks the operator for exactly what the example file lists', () => {
    const asked = [...readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8').matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name);
    expect([...new Set(asked)].sort()).toEqual([...REQUIRED].sort());
  });

  it('mounts only files and volumes that exist', () => {
    for (const { volumes = [] } of Object.values(compose.services)) {
      for (const volume of volumes) {
        const [source] = volume.split(':') as [string];
        if (source.startsWith('.')) expect([source, existsSync(join(ROOT, source))]).toEqual([source, true]);
        else expect(Object.keys(compose.volumes)).toContain(source);
      }
    }
  });

  it('waits for, and connects, only services and networks that exist', () => {
    for (const { depends_on = {}, networks = [] } of Object.values(compose.services)) {
      expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(Object.keys(depends_on)));
      expect(Object.keys(compose.networks)).toEqual(expect.arrayContaining(networks));
    }
  });

  it('publishes one port, the ingress\'s, on loopback unless told otherwise', () => {
    const published = Object.entries(compose.services).flatMap(([name, { ports = [] }]) => ports.map((port) => [name, interpolate(port)]));
    expect(published).toEqual([['edge', '127.0.0.1:8080:8080']]);
    expect(readFileSync(join(ROOT, 'deploy/compose/nginx.conf'), 'utf8')).toMatch(/listen 8080;/);
  });

  it('reaches each server and service at the port it listens on', () => {
    for (const [, { environment = {} }] of ours) {
      expect(environment['PORT']).toBe('8080');
      expect(environment['NATS_URL']).toBe('nats://nats:4222');
      expect(new URL(interpolate(environment['DATABASE_URL'] ?? '')).host).toBe('postgres:5432');
      if (environment['CLICKHOUSE_URL']) expect(new URL(interpolate(environment['CLICKHOUSE_URL'])).host).toBe('clickhouse:8123');
    }
    expect(readFileSync(join(ROOT, 'deploy/compose/nats.conf'), 'utf8')).toMatch(/listen: "0\.0\.0\.0:4222"/);
  });
});

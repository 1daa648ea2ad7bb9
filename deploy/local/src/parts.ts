/** Everything of the local stack that listens, with the port it has unless its variable says otherwise. */
export const PARTS = [
  { name: 'edge', defaultPort: 8080 },
  { name: 'ingest', defaultPort: 8081 },
  { name: 'pricing', defaultPort: 8082 },
  { name: 'aggregation', defaultPort: 8083 },
  { name: 'quota', defaultPort: 8084 },
  { name: 'alerting', defaultPort: 8085 },
  { name: 'read-api', defaultPort: 8086 },
  { name: 'accounts', defaultPort: 8087 },
  { name: 'archive', defaultPort: 8088 },
  { name: 'nats', defaultPort: 4222 },
  { name: 'postgres', defaultPort: 15_432 },
  { name: 'clickhouse', defaultPort: 18_123 },
  { name: 'clickhouse-tcp', defaultPort: 19_000 },
] as const;

export type PartName = (typeof PARTS)[number]['name'];

/** The services, in the order in which they stop: who takes work in first, who lets others in last. */
export const SERVICES = ['ingest', 'pricing', 'aggregation', 'quota', 'alerting', 'read-api', 'accounts', 'archive'] as const;

export type ServiceName = (typeof SERVICES)[number];

/** The environment variable that moves a part to another port. */
export function portVariable(name: PartName): string {
  return name === 'edge' ? 'LEDGERLINE_PORT' : `LEDGERLINE_${name.toUpperCase().replace('-', '_')}_PORT`;
}

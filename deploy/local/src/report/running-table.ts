import { ADMIN_KEY_FILE, type Secrets } from '../home/secrets.js';
import { PARTS, type PartName, SERVICES } from '../parts.js';
import { type Settings } from '../settings.js';

const WHAT: Record<PartName, string> = {
  edge: 'the whole public API',
  ingest: 'takes events in',
  pricing: 'counts once, prices once',
  aggregation: 'writes the rows',
  quota: 'holds sums against limits',
  alerting: 'keeps the alerts',
  'read-api': 'answers questions',
  accounts: 'keys and customers',
  archive: 'files the log, trims it',
  nats: 'the log',
  postgres: 'projections, keys, positions',
  clickhouse: 'every event as a row',
  'clickhouse-tcp': 'the same, native protocol',
};

const SCHEME: Partial<Record<PartName, string>> = { nats: 'nats', postgres: 'postgres', 'clickhouse-tcp': 'tcp' };

const EXAMPLE = JSON.stringify({ customer_id: 'acme', provider: 'openai', model: 'gpt-4o-mini', usage: { input_tokens: 1500, output_tokens: 200 } });

/** Works in any shell: a path with a quote or a space in it stays one word. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** What is said when everything is up: what runs where, the key if it is new, and a first event to paste. */
export function runningTable({ home, ports }: Settings, { adminKey, adminKeyIsNew }: Secrets): string {
  const rows = PARTS.map(({ name }) => `  ${name.padEnd(15)} ${`${SCHEME[name] ?? 'http'}://127.0.0.1:${ports[name]}`.padEnd(28)} ${WHAT[name]}`);
  const keyFile = `${home}/${ADMIN_KEY_FILE}`;
  const bearer = adminKeyIsNew ? adminKey : `$(cat ${/^[\w./-]+$/.test(keyFile) ? keyFile : quoted(keyFile)})`;
  const [edge, services, servers] = [rows.slice(0, 1), rows.slice(1, 1 + SERVICES.length), rows.slice(1 + SERVICES.length)];
  return [
    '',
    ...edge,
    ...services,
    ...servers,
    `  ${'data, logs'.padEnd(15)} ${home}`,
    ...(adminKeyIsNew ? ['', `  Admin key, shown this once and kept in ${keyFile}:`, `  ${adminKey}`] : []),
    '',
    '  A first event:',
    `  curl -sS http://127.0.0.1:${ports.edge}/v1/events -H "Authorization: Bearer ${bearer}" -H 'Content-Type: application/json' -d '${EXAMPLE}'`,
    '',
    '  Ledgerline runs. Ctrl-C stops it.',
    '',
  ].join('\n');
}

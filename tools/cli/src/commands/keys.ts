import { type Command, Option } from 'commander';
import { table } from '../output/table.js';
import { type Context } from './context.js';
import { listAll } from './list-all.js';

interface ApiKey {
  id: string;
  name: string;
  scopes: string[];
  customer_id: string | null;
  prefix: string;
  key?: string;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
}

interface NewKeyOptions {
  name: string;
  scope: string[];
  customer?: string;
  user?: string;
  expires?: string;
  requestsPerSecond?: number;
  eventsPerSecond?: number;
  json?: boolean;
}

const SCOPES = ['ingest', 'read', 'admin'];

/** `keys create | rotate | list | revoke`: the API keys that everything is opened with. */
export function addKeysCommand(program: Command, context: Context): void {
  const keys = program.command('keys').description('make, rotate, list and revoke API keys');

  keys
    .command('create')
    .description('make a key; it is shown once and stored only as a hash')
    .requiredOption('--name <name>', 'what the key is for')
    .addOption(new Option('--scope <scope...>', 'ingest: record events; read: see them and what follows from them; admin: everything else').choices(SCOPES).default(['ingest']))
    .option('--customer <id>', "the customer that it belongs to; without one it is the operator's")
    .option('--user <id>', 'the user of the customer that it acts for')
    .addOption(new Option('--requests-per-second <n>', 'how many requests it may send').argParser(Number))
    .addOption(new Option('--events-per-second <n>', 'how many events it may send').argParser(Number))
    .option('--expires <time>', 'when it stops working, such as 2027-01-01T00:00:00Z')
    .option('--json', 'print the answer as JSON')
    .action(async ({ name, scope, customer, user, expires, requestsPerSecond, eventsPerSecond, json }: NewKeyOptions) => {
      const limits = { requests_per_second: requestsPerSecond ?? null, events_per_second: eventsPerSecond ?? null };
      showNew(context, (await context.api().call('POST', '/v1/keys', { name, scopes: scope, customer_id: customer ?? null, user_id: user ?? null, limits, expires_at: expires ?? null })) as ApiKey, json);
    });

  keys
    .command('rotate')
    .description('make a key with the same rights; the old one works on for a while')
    .argument('<id>', "the old key's id, as `keys list` shows it")
    .option('--overlap <seconds>', 'how long both work', String(24 * 60 * 60))
    .option('--json', 'print the answer as JSON')
    .action(async (id: string, { overlap, json }: { overlap: string; json?: boolean }) => {
      showNew(context, (await context.api().call('POST', `/v1/keys/${encodeURIComponent(id)}/rotate`, { overlap_seconds: Number(overlap) })) as ApiKey, json);
    });

  keys
    .command('list')
    .description('list the keys, without their secrets')
    .option('--json', 'print the answer as JSON')
    .action(async (options: { json?: boolean }) => {
      const all = await listAll<ApiKey>(context.api(), '/v1/keys');
      if (options.json) return context.print(JSON.stringify(all));
      const rows = all.map((key) => [key.id, key.name, key.customer_id ?? "(operator's)", key.scopes.join(' '), key.prefix, key.created_at, key.last_used_at, key.revoked_at ?? key.expires_at]);
      context.print(table(['id', 'name', 'customer', 'scopes', 'begins with', 'created', 'last used', 'ends'], rows));
    });

  keys
    .command('revoke')
    .description('revoke a key; it stops working within seconds')
    .argument('<id>', "the key's id, as `keys list` shows it")
    .action(async (id: string) => {
      await context.api().call('DELETE', `/v1/keys/${encodeURIComponent(id)}`);
      context.print(`Revoked ${id}.`);
    });
}

function showNew(context: Context, key: ApiKey, json = false): void {
  if (json) return context.print(JSON.stringify(key));
  context.print(table(['id', 'name', 'customer', 'scopes', 'key'], [[key.id, key.name, key.customer_id ?? "(operator's)", key.scopes.join(' '), key.key]]));
  context.print('Keep the key now: it is not shown again.');
}

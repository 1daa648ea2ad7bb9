import { type Command, Option } from 'commander';
import { table } from '../output/table.js';
import { type Context } from './context.js';
import { listAll } from './list-all.js';

interface ApiKey {
  id: string;
  name: string;
  role: string;
  prefix?: string;
  key?: string;
  created_at?: string;
  revoked_at?: string | null;
}

/** `keys create | list | revoke`: the API keys that everything is opened with. */
export function addKeysCommand(program: Command, context: Context): void {
  const keys = program.command('keys').description('make, list and revoke API keys');

  keys
    .command('create')
    .description('make a key; it is shown once and stored only as a hash')
    .requiredOption('--name <name>', 'what the key is for')
    .addOption(new Option('--role <role>', 'producer: may only record events; admin: everything').choices(['producer', 'admin']).default('producer'))
    .option('--json', 'print the answer as JSON')
    .action(async (options: { name: string; role: string; json?: boolean }) => {
      const key = (await context.api().call('POST', '/v1/keys', { name: options.name, role: options.role })) as ApiKey;
      if (options.json) return context.print(JSON.stringify(key));
      context.print(table(['id', 'name', 'role', 'key'], [[key.id, key.name, key.role, key.key]]));
      context.print('Keep the key now: it is not shown again.');
    });

  keys
    .command('list')
    .description('list the keys, without their secrets')
    .option('--json', 'print the answer as JSON')
    .action(async (options: { json?: boolean }) => {
      const all = await listAll<ApiKey>(context.api(), '/v1/keys');
      if (options.json) return context.print(JSON.stringify(all));
      context.print(table(['id', 'name', 'role', 'begins with', 'created', 'revoked'], all.map((key) => [key.id, key.name, key.role, key.prefix, key.created_at, key.revoked_at])));
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

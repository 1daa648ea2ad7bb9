import { type Command, Option } from 'commander';
import { table } from '../output/table.js';
import { type Context } from './context.js';
import { listAll } from './list-all.js';

interface User {
  id: string;
  subject: string;
  email: string | null;
  name: string | null;
  customer_id: string | null;
  role: string;
}

interface NewUserOptions {
  subject: string;
  customer?: string;
  role: string;
  email?: string;
  name?: string;
  json?: boolean;
}

/** `users create | list | remove`: people of the identity provider, and whose they are. */
export function addUsersCommand(program: Command, context: Context): void {
  const users = program.command('users').description('let users of the identity provider in, list and remove them');

  users
    .command('create')
    .description("let a user in: one of a customer, or one of the operator's own")
    .requiredOption('--subject <sub>', "the user's id at the identity provider, `sub` of its tokens")
    .option('--customer <id>', "the customer that it belongs to; without one it is the operator's")
    .addOption(new Option('--role <role>', 'admin; member of a customer; viewer of the operator').choices(['admin', 'member', 'viewer']).makeOptionMandatory())
    .option('--email <address>', 'for people')
    .option('--name <name>', 'for people')
    .option('--json', 'print the answer as JSON')
    .action(async ({ subject, customer, role, email, name, json }: NewUserOptions) => {
      const user = (await context.api().call('POST', '/v1/users', { subject, customer_id: customer ?? null, role, email: email ?? null, name: name ?? null })) as User;
      context.print(json ? JSON.stringify(user) : `${user.subject} is ${user.role} of ${user.customer_id ?? 'the operator'} now, as user ${user.id}.`);
    });

  users
    .command('list')
    .description('list the users')
    .option('--json', 'print the answer as JSON')
    .action(async (options: { json?: boolean }) => {
      const all = await listAll<User>(context.api(), '/v1/users');
      if (options.json) return context.print(JSON.stringify(all));
      context.print(table(['id', 'subject', 'customer', 'role', 'name', 'email'], all.map((user) => [user.id, user.subject, user.customer_id ?? "(operator's)", user.role, user.name, user.email])));
    });

  users
    .command('remove')
    .description('remove a user; its tokens stop working within a second')
    .argument('<id>', "the user's id, as `users list` shows it")
    .action(async (id: string) => {
      await context.api().call('DELETE', `/v1/users/${encodeURIComponent(id)}`);
      context.print(`Removed ${id}.`);
    });
}

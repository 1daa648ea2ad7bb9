import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ApiClient } from '../connection/api-client.js';
import { table } from '../output/table.js';
import { timeAgo } from './arguments.js';
import { type Context } from './context.js';

interface Entry {
  at: string;
  actor: string;
  action: string;
  object: string;
  customer_id: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  trace_id: string | null;
}

interface LogOptions {
  actor?: string;
  action?: string;
  customer?: string;
  object?: string;
  from?: number;
  to?: number;
  limit: number;
  json?: boolean;
}

const PAGE = 1000;

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('expected a whole number from 1.');
  return value;
}

/** `admin-log`: who changed keys, users, projects, customers and quotas, newest first. */
export function addAdminLogCommand(program: Command, context: Context): void {
  program
    .command('admin-log')
    .description('list who changed what: keys, users, projects, customers, quotas, alerts')
    .option('--actor <id>', 'the id of a key, the subject of a user, or system')
    .option('--action <action>', 'such as key.created')
    .option('--customer <id>', 'what belongs to one customer')
    .option('--object <id>', 'what was done to one key, quota, ...')
    .addOption(new Option('--from <time>', 'from then on: 24h (ago), a day, or a time').argParser(timeAgo))
    .addOption(new Option('--to <time>', 'before then').argParser(timeAgo))
    .addOption(new Option('--limit <n>', 'how many entries').argParser(count).default(100))
    .option('--json', 'print them as JSON')
    .action(async ({ limit, json, ...filters }: LogOptions) => {
      const entries = await newest(context.api(), filters, limit);
      if (json) return context.print(JSON.stringify(entries));
      context.print(table(['at', 'actor', 'action', 'object', 'customer', 'change'], entries.map((entry) => [entry.at, entry.actor, entry.action, entry.object, entry.customer_id, changeOf(entry)])));
    });
}

async function newest(api: ApiClient, { actor, action, customer, object, from, to }: Omit<LogOptions, 'limit' | 'json'>, limit: number): Promise<Entry[]> {
  const timeText = (us?: number): string | undefined => (us === undefined ? undefined : new Date(us / 1000).toISOString());
  const asked = Object.entries({ actor, action, customer_id: customer, object, from: timeText(from), to: timeText(to) }).filter((one): one is [string, string] => one[1] !== undefined);
  const entries: Entry[] = [];
  let cursor: string | null = null as string | null;
  do {
    const query = new URLSearchParams(asked);
    query.set('limit', String(Math.min(PAGE, limit - entries.length)));
    if (cursor !== null) query.set('cursor', cursor);
    const page = (await api.call('GET', `/v1/admin-log?${query.toString()}`)) as { data: Entry[]; next_cursor: string | null };
    entries.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor !== null && entries.length < limit);
  return entries;
}

/** What differs: `limit 1000 -> 2000`; of what is made or gone, all there was to say. */
export function changeOf({ before, after }: Pick<Entry, 'before' | 'after'>): string {
  const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  const whole = before === null || after === null;
  return Object.entries({ ...before, ...after })
    .filter(([name, value]) => (whole ? value !== null : text(before[name]) !== text(after[name])))
    .map(([name, value]) => (whole ? `${name} ${text(value)}` : `${name} ${text(before[name] ?? null)} -> ${text(after[name] ?? null)}`))
    .join(', ');
}

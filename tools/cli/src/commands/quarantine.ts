import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import { CliError, ExitCode } from '../exit.js';
import { table } from '../output/table.js';
import { type Context } from './context.js';
import { listAll } from './list-all.js';

interface HeldItem {
  id: string;
  state: string;
  outcome: string;
  reason: { code: string; detail: string };
  usage_id: string | null;
  customer_id: string | null;
  encoding: 'json' | 'base64';
  body: unknown;
  recorded_at: string;
  resolution: { action: string; by: string; at: string; reason: string; replayed_as: string | null } | null;
}

interface Count {
  outcome: string;
  code: string;
  items: number;
  oldest: string;
  newest: string;
}

/** What narrows a list of held items; the API's own parameters. */
interface Filter {
  customer?: string;
  outcome?: string;
  code?: string;
  from?: string;
  to?: string;
}

/** Which items are acted on: those named, or all open ones that a filter finds. */
interface Selection extends Filter {
  yes?: boolean;
}

/** `quarantine list | show | replay | discard`: what was held back instead of counted. */
export function addQuarantineCommand(program: Command, context: Context): void {
  const quarantine = program.command('quarantine').description('show, send again and give up what was held back instead of counted');

  filtered(quarantine.command('list').description('list what was held back, newest first'))
    .addOption(new Option('--state <state>', 'what became of it').choices(['open', 'released', 'discarded']).default('open'))
    .option('--summary', 'only how many there are, by outcome and reason')
    .option('--json', 'print the answer as JSON')
    .action(async ({ summary, json, state, ...filter }: Filter & { state: string; summary?: boolean; json?: boolean }) => {
      const all = await listAll<HeldItem | Count>(context.api(), pathOf({ ...filter, state, ...(summary ? { summary: 'true' } : {}) }));
      if (json) return context.print(JSON.stringify(all));
      context.print(summary ? countTable(all as Count[]) : itemTable(all as HeldItem[]));
    });

  quarantine
    .command('show')
    .description('show one item whole: why it was held back, the event as it came, what became of it')
    .argument('<id>', "the item's id, as `quarantine list` shows it")
    .action(async (id: string) => context.print(JSON.stringify(await context.api().call('GET', itemPath(id)), null, 2)));

  selecting(quarantine.command('replay').alias('release').description('send events again, as they came or corrected; they count from then on'))
    .option('--event <file>', "the event as it should have been, a JSON file or - for stdin; only with one id")
    .option('--backfill', 'old events are meant, also those that were not held back as late')
    .action(async (ids: string[], { event, backfill, ...selection }: Selection & { event?: string; backfill?: boolean }) => {
      if (event !== undefined && ids.length !== 1) throw new CliError('--event is about one item: name its id.', ExitCode.couldNotRun);
      const corrected = event === undefined ? undefined : await readEvent(event);
      await actOn(context, ids, selection, 'Replayed', async (id) => {
        const { usage_id } = (await context.api().call('POST', `${itemPath(id)}/replay${backfill ? '?backfill=true' : ''}`, corrected)) as { usage_id: string };
        return `as ${usage_id}`;
      });
    });

  selecting(quarantine.command('discard').description('give items up; they stay readable, with who did it and why'))
    .requiredOption('--reason <text>', 'why they are given up')
    .action(async (ids: string[], { reason, ...selection }: Selection & { reason: string }) => {
      await actOn(context, ids, selection, 'Discarded', async (id) => {
        await context.api().call('POST', `${itemPath(id)}/discard`, { reason });
        return '';
      });
    });
}

const filtered = (command: Command): Command =>
  command
    .option('--customer <id>', 'only of this customer')
    .addOption(new Option('--outcome <outcome>', 'only what was held back as this').choices(['quarantined', 'late', 'parked']))
    .option('--code <code>', 'only for this reason')
    .option('--from <time>', 'only recorded at or after this day or time')
    .option('--to <time>', 'only recorded before this day or time');

const selecting = (command: Command): Command =>
  filtered(command.argument('[ids...]', 'ids as `quarantine list` shows them; without one, all open items that the options find')).option('--yes', 'do it to all that the options find');

const itemPath = (id: string): string => `/v1/quarantine/${encodeURIComponent(id)}`;

function pathOf({ customer, ...rest }: Filter & Record<string, string | undefined>): string {
  const given = Object.entries({ customer_id: customer, ...rest, consistency: 'strong', limit: '1000' }).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return `/v1/quarantine?${new URLSearchParams(given)}`;
}

/** Acts on one item after another; one that fails does not keep the others from their turn. */
async function actOn(context: Context, ids: readonly string[], selection: Selection, done: string, act: (id: string) => Promise<string>): Promise<void> {
  let failed = 0;
  const chosen = ids.length > 0 ? ids : await found(context, selection);
  for (const id of chosen) {
    try {
      context.print([`${done} ${id}`, await act(id)].filter(Boolean).join(' '));
    } catch (error) {
      if (!(error instanceof CliError) || chosen.length === 1) throw error;
      failed++;
      context.complain(`${id}: ${error.message}`);
    }
  }
  if (failed > 0) throw new CliError(`${failed} of ${chosen.length} items stay as they are.`);
}

async function found(context: Context, { yes, ...filter }: Selection): Promise<string[]> {
  if (Object.keys(filter).length === 0) throw new CliError('Name ids, or say which items by --code, --outcome, --customer, --from or --to.', ExitCode.couldNotRun);
  const items = await listAll<HeldItem>(context.api(), pathOf({ ...filter, state: 'open' }));
  if (items.length === 0) throw new CliError('No open item is found by that.');
  if (!yes) throw new CliError(`That is ${items.length} item${items.length === 1 ? '' : 's'}; add --yes to do it to all of them.`, ExitCode.couldNotRun);
  return items.map(({ id }) => id);
}

async function readEvent(file: string): Promise<unknown> {
  try {
    return JSON.parse(file === '-' ? await text(process.stdin) : await readFile(file, 'utf8'));
  } catch (error) {
    throw new CliError(`${file} holds no JSON event: ${(error as Error).message}`, ExitCode.couldNotRun);
  }
}

const itemTable = (items: HeldItem[]): string =>
  table(
    ['id', 'held back as', 'reason', 'detail', 'customer', 'recorded', 'state'],
    items.map(({ id, outcome, reason, customer_id, recorded_at, state }) => [id, outcome, reason.code, reason.detail, customer_id, recorded_at, state]),
  );

const countTable = (counts: Count[]): string =>
  table(
    ['held back as', 'reason', 'items', 'oldest', 'newest'],
    counts.map(({ outcome, code, items, oldest, newest }) => [outcome, code, items, oldest, newest]),
  );

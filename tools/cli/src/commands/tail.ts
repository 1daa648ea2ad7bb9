import { jetstream } from '@nats-io/jetstream';
import { type Command, InvalidArgumentError } from 'commander';
import { Outcome } from '@ledgerline/contracts';
import { connectNats } from '@ledgerline/messaging';
import { logAddress } from '../connection/stack-address.js';
import { CliError, ExitCode } from '../exit.js';
import { followPriced } from '../tail/follow-priced.js';
import { itemJson } from '../tail/item-json.js';
import { itemText } from '../tail/item-text.js';
import { isShown, type TailItem } from '../tail/tail-item.js';
import { timeAgo } from './arguments.js';
import { type Context } from './context.js';

const FIRST_CONNECT_MS = 5_000;

interface Options {
  customer?: string;
  outcome?: string[];
  partition?: number;
  since?: number;
  limit?: number;
  json?: boolean;
}

const HELP = `
A line for each event: recorded at, partition:USAGE sequence.index, customer, provider/model, quantities, cost, what became of it.
Corrections are lines too, and so are the signed rows that they cause.
Servers: NATS_URL, GENERATION, PARTITIONS; by default those of the local stack.`;

/** `tail`: follows what is priced, live. */
export function addTailCommand(program: Command, context: Context): void {
  program
    .command('tail')
    .description('follow events as they are priced, until Ctrl-C')
    .option('--customer <id>', 'only of this customer')
    .option('--outcome <outcome,...>', `only these: ${Object.keys(Outcome).join(', ')}`, outcomes)
    .option('--partition <number>', 'only this partition', whole(0))
    .option('--since <time>', 'begin there instead of now: 10m, 24h, 2026-11-01, 2026-11-01T12:00:00Z', timeAgo)
    .option('--limit <count>', 'end after so many lines', whole(1))
    .option('--json', 'print JSON, one object a line')
    .addHelpText('after', HELP)
    .action((options: Options) => tail(context, options));
}

async function tail(context: Context, { customer, outcome, partition, since, limit = Number.POSITIVE_INFINITY, json }: Options): Promise<void> {
  const { natsUrl, generation, partitions } = logAddress(context.home, context.env);
  if (partition !== undefined && partition >= partitions) throw new CliError(`There are partitions 0 to ${partitions - 1}.`, ExitCode.couldNotRun);
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  context.onInterrupt(stop);
  let shown = 0;
  const show = async (item: TailItem): Promise<void> => {
    if (stopping.signal.aborted || !isShown(item, { customer, outcomes: outcome })) return;
    context.print(json ? itemJson(item) : itemText(item, context.colours));
    if (++shown >= limit) return stop();
    // Whoever reads slowly is waited for: what is not shown yet stays in the broker.
    await context.printed(stopping.signal);
  };
  try {
    const nats = await connectNats(natsUrl, 'ledgerline-tail', FIRST_CONNECT_MS);
    try {
      const all = Array.from({ length: partitions }, (_, index) => index);
      const onFollowing = (): void => context.complain(since === undefined ? 'Following; Ctrl-C ends it.' : `From ${new Date(since / 1000).toISOString()} on; Ctrl-C ends it.`);
      await followPriced(jetstream(nats), { generation, partitions: partition === undefined ? all : [partition], sinceUs: since, signal: stopping.signal, show, onFollowing });
    } finally {
      await nats.close();
    }
  } catch (error) {
    throw new CliError(`Events cannot be followed: ${(error as Error).message}`, ExitCode.couldNotRun);
  } finally {
    context.offInterrupt(stop);
  }
}

function outcomes(text: string): string[] {
  const names = text.split(',');
  if (names.some((name) => !(name in Outcome))) throw new InvalidArgumentError(`expected some of ${Object.keys(Outcome).join(', ')}.`);
  return names;
}

const whole = (least: number) => (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < least) throw new InvalidArgumentError(`expected a whole number from ${least} on.`);
  return value;
};

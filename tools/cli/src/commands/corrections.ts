import { randomUUID } from 'node:crypto';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DecimalError, parseScaled, parseUsd, QUANTITY_BY_NAME, QUANTITY_SCALE } from '@ledgerline/kernel';
import { CliError, ExitCode } from '../exit.js';
import { type HistoryEntry, readHistory } from './events.js';
import { type Context } from './context.js';

interface Common {
  reason: string;
  id?: string;
  json?: boolean;
}

interface Accepted {
  usage_id: string;
  correction_id: string;
  status: string;
}

const HELP = `
A correction says what the event should be, not by how much it differs: the same again changes nothing more.
Exit codes: 0 it took effect, waits for its event, or was accepted and its outcome is not known yet; 1 it was refused; 2 it could not be sent.`;

/** `corrections adjust | refund | void`: what an event should have been. */
export function addCorrectionsCommand(program: Command, context: Context): void {
  const corrections = program.command('corrections').description('say what an event should have been: adjust, refund or void it');
  const command = (kind: string, description: string): Command =>
    corrections
      .command(kind)
      .description(description)
      .argument('<usage-id>', "the event's address, as sending it answered")
      .requiredOption('--reason <text>', 'why, for the history of the event')
      .option('--id <id>', 'an id of the correction; given again, it is the same one (default: a new one)')
      .option('--json', 'print the answer as JSON')
      .addHelpText('after', HELP);

  command('adjust', 'give an event other quantities, another cost or another status')
    .option('--usage <quantity=amount,...>', 'all quantities that it should have, such as input_tokens=1500,output_tokens=500', quantities)
    .option('--cost-usd <amount>', 'what it should cost (default: its price with --usage, else as it is)', usd)
    .addOption(new Option('--status <status>', 'its status').choices(['ok', 'error']))
    .action(async (usageId: string, { usage, costUsd, status, ...common }: Common & { usage?: object; costUsd?: string; status?: string }) => {
      if (usage === undefined && costUsd === undefined && status === undefined) throw new CliError('Say what it should be: --usage, --cost-usd or --status.', ExitCode.couldNotRun);
      await correct(context, usageId, common, { kind: 'adjust', usage, cost_usd: costUsd, status });
    });

  command('refund', "give an event's cost back, all or part of it; its usage stays")
    .option('--cost-usd <amount>', 'what it still costs after the refund', usd, '0')
    .action(async (usageId: string, { costUsd, ...common }: Common & { costUsd: string }) => {
      await correct(context, usageId, common, { kind: 'refund', cost_usd: costUsd });
    });

  command('void', 'say that an event never happened')
    .option('--replaced-by <usage-id>', 'the event that stands in its place, when it was recorded for the wrong customer')
    .action(async (usageId: string, { replacedBy, ...common }: Common & { replacedBy?: string }) => {
      await correct(context, usageId, common, { kind: 'void', replaced_by: replacedBy });
    });
}

/** Sends a correction and says what became of it, which the event's history knows. */
async function correct(context: Context, usageId: string, { reason, id = randomUUID(), json }: Common, target: object): Promise<void> {
  const accepted = await sendOnce(() => context.api().call('POST', `/v1/events/${encodeURIComponent(usageId)}/corrections`, { ...target, id, reason }) as Promise<Accepted>, id);
  const entry = await outcomeOf(context, accepted);
  context.print(json ? JSON.stringify(entry ?? accepted) : sentence(accepted, entry));
  if (entry?.outcome === 'refused' || entry?.outcome === 'quarantined') {
    throw new CliError(`It was ${entry.outcome}: ${[entry.because?.code, entry.because?.detail].filter(Boolean).join(': ')}`);
  }
}

/** The correction's step in the history of its event; undefined when it cannot be read now, because it was accepted all the same. */
async function outcomeOf(context: Context, accepted: Accepted): Promise<HistoryEntry | undefined> {
  try {
    const { data } = await readHistory(context, accepted.usage_id);
    return data.find(({ correction_id }) => correction_id === accepted.correction_id);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    context.complain(`What became of it cannot be said now: ${error.message}`);
    return undefined;
  }
}

/** When it is not known whether something was taken, the person needs the id it was sent with. */
export async function sendOnce<T>(send: () => Promise<T>, id: string): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof CliError && error.exitCode === ExitCode.couldNotRun) throw new CliError(`${error.message} It may have been taken; to send the same again, add --id ${id}`, error.exitCode);
    throw error;
  }
}

function sentence({ correction_id, usage_id }: Accepted, entry: HistoryEntry | undefined): string {
  const change = entry?.cost_change_usd ? `, which changes its cost by ${entry.cost_change_usd} USD` : '';
  return `Correction ${correction_id} of ${usage_id}: ${entry?.outcome ?? 'accepted'}${change}.`;
}

/** An amount of money as plain decimal text. */
export function usd(text: string): string {
  try {
    if (parseUsd(text) >= 0n) return text;
  } catch (error) {
    if (error instanceof DecimalError) throw new InvalidArgumentError(`${error.reason}.`);
    throw error;
  }
  throw new InvalidArgumentError('expected no number below zero.');
}

/** `input_tokens=3,seconds=0.5` -> {input_tokens: 3, seconds: "0.5"} */
function quantities(text: string): Record<string, number | string> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [name = '', amount = ''] = pair.split('=').map((part) => part.trim());
      const kind = QUANTITY_BY_NAME.get(name);
      if (!kind) throw new InvalidArgumentError(`"${name}" is no quantity; there are ${[...QUANTITY_BY_NAME.keys()].join(', ')}.`);
      try {
        if (parseScaled(amount, kind.decimal ? QUANTITY_SCALE : 0) >= 0n && (kind.decimal || Number.isSafeInteger(Number(amount)))) return [name, kind.decimal ? amount : Number(amount)];
      } catch (error) {
        if (!(error instanceof DecimalError)) throw error;
      }
      throw new InvalidArgumentError(`"${amount}" is no amount of ${name}: expected ${kind.decimal ? 'a plain decimal number of up to nine places' : 'a whole number'}.`);
    }),
  );
}

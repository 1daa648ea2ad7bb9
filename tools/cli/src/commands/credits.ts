import { type Command } from 'commander';
import { table } from '../output/table.js';
import { sendOnce, usd } from './corrections.js';
import { type Context } from './context.js';

interface CreateOptions {
  customer: string;
  id: string;
  amountUsd: string;
  reason: string;
  occurredAt?: string;
  provider?: string;
  model?: string;
  json?: boolean;
}

/** `credits create`: money given back without an event that is still stored. */
export function addCreditsCommand(program: Command, context: Context): void {
  program
    .command('credits')
    .description('give money back where the event is no longer stored')
    .command('create')
    .description('give a customer money back; for an event that is still stored, use `corrections refund`')
    .requiredOption('--customer <id>', 'the customer')
    .requiredOption('--id <id>', 'an id of the credit; given again, it is the same one and given once')
    .requiredOption('--amount-usd <amount>', 'how much', usd)
    .requiredOption('--reason <text>', 'why, for its history')
    .option('--occurred-at <time>', 'the time it counts in, such as 2026-01-31T12:00:00Z (default: now)')
    .option('--provider <provider>', 'what it is given for')
    .option('--model <model>', 'what it is given for')
    .option('--json', 'print the answer as JSON')
    .action(async ({ customer, id, amountUsd, reason, occurredAt, provider, model, json }: CreateOptions) => {
      const body = { customer_id: customer, id, amount_usd: amountUsd, reason, occurred_at: occurredAt, provider, model };
      const credit = (await sendOnce(() => context.api().call('POST', '/v1/credits', body), id)) as { usage_id: string; status: string };
      context.print(json ? JSON.stringify(credit) : table(['customer', 'credit', 'amount USD', 'usage_id', 'status'], [[customer, id, amountUsd, credit.usage_id, credit.status]]));
    });
}

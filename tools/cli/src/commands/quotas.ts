import { type Command, InvalidArgumentError, Option } from 'commander';
import { DecimalError, parseScaled } from '@ledgerline/kernel';
import { table } from '../output/table.js';
import { type Context } from './context.js';
import { listAll } from './list-all.js';

const METRICS = ['tokens', 'characters', 'seconds', 'credits', 'requests', 'cost_usd'];

interface Quota {
  id: string;
  customer_id: string;
  metric: string;
  provider: string | null;
  model: string | null;
  limit: string;
  thresholds: number[];
  value: string;
  used_percent: number | string;
  period_start: string;
}

interface SetOptions {
  customer: string;
  metric: string;
  limit: string;
  provider?: string;
  model?: string;
  thresholds?: number[];
  json?: boolean;
}

/** `quotas set | list | remove`: limits per customer and calendar month. */
export function addQuotasCommand(program: Command, context: Context): void {
  const quotas = program.command('quotas').description('set, list and remove the limits of customers');

  quotas
    .command('set')
    .description("limit what a customer uses in a calendar month; an existing quota of the same scope gets the new limit")
    .requiredOption('--customer <id>', 'the customer')
    .addOption(new Option('--metric <metric>', 'what is counted').choices(METRICS).makeOptionMandatory())
    .requiredOption('--limit <number>', 'the limit, a plain decimal number', decimal)
    .option('--provider <provider>', 'only what is used of this provider')
    .option('--model <model>', 'only what is used of this model')
    .option('--thresholds <percent,...>', 'alert at these shares of the limit (default 80,100)', percentages)
    .option('--json', 'print the answer as JSON')
    .action(async (options: SetOptions) => {
      const quota = await setQuota(context, options);
      context.print(options.json ? JSON.stringify(quota) : quotaTable([quota]));
    });

  quotas
    .command('list')
    .description('list quotas with how much of each is used')
    .option('--customer <id>', 'only of this customer')
    .option('--period <YYYY-MM>', 'how much was used in that month (default: this month)')
    .option('--json', 'print the answer as JSON')
    .action(async (options: { customer?: string; period?: string; json?: boolean }) => {
      const all = await listQuotas(context, { customer_id: options.customer, period: options.period });
      context.print(options.json ? JSON.stringify(all) : quotaTable(all));
    });

  quotas
    .command('remove')
    .description('remove a quota; what was used stays counted')
    .argument('<id>', "the quota's id, as `quotas list` shows it")
    .action(async (id: string) => {
      await context.api().call('DELETE', `/v1/quotas/${encodeURIComponent(id)}`);
      context.print(`Removed ${id}.`);
    });
}

/** Setting twice is setting once: a quota with the same scope is changed, not doubled. */
async function setQuota(context: Context, options: SetOptions): Promise<Quota> {
  const { customer, metric, limit, provider, model, thresholds } = options;
  const same = (await listQuotas(context, { customer_id: customer })).find(
    (quota) => quota.customer_id === customer && quota.metric === metric && (quota.provider ?? undefined) === provider && (quota.model ?? undefined) === model,
  );
  if (same) return (await context.api().call('PUT', `/v1/quotas/${same.id}`, { limit, thresholds })) as Quota;
  return (await context.api().call('POST', '/v1/quotas', { customer_id: customer, metric, limit, provider, model, thresholds })) as Quota;
}

function listQuotas(context: Context, query: Record<string, string | undefined>): Promise<Quota[]> {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return listAll<Quota>(context.api(), `/v1/quotas?${new URLSearchParams(given)}`);
}

const quotaTable = (quotas: Quota[]): string =>
  table(
    ['id', 'customer', 'metric', 'of', 'limit', 'used', 'used %', 'alerts at %', 'month'],
    quotas.map((quota) => [
      quota.id,
      quota.customer_id,
      quota.metric,
      [quota.provider, quota.model].filter(Boolean).join('/') || 'everything',
      quota.limit,
      quota.value,
      quota.used_percent,
      quota.thresholds?.join(' '),
      quota.period_start?.slice(0, 7),
    ]),
  );

function decimal(text: string): string {
  try {
    if (parseScaled(text, 12) > 0n) return text;
  } catch (error) {
    if (error instanceof DecimalError) throw new InvalidArgumentError(`${error.reason}.`);
    throw error;
  }
  throw new InvalidArgumentError('expected a number above zero.');
}

function percentages(text: string): number[] {
  const values = text.split(',').map(Number);
  if (values.some((value) => !Number.isInteger(value) || value < 1)) throw new InvalidArgumentError('expected whole percentages such as 50,80,100.');
  return values;
}

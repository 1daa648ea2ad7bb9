import { type Command, Option } from 'commander';
import { table } from '../output/table.js';
import { type Context } from './context.js';
import { listAll } from './list-all.js';

interface Alert {
  id: string;
  kind: string;
  customer_id: string | null;
  metric: string | null;
  provider: string | null;
  model: string | null;
  limit: string;
  threshold_percent: number | null;
  value: string;
  period_start: string | null;
  hour_start: string | null;
  status: string;
  raised_at: string;
  acknowledged_at: string | null;
}

interface ListOptions {
  customer?: string;
  quota?: string;
  kind?: string;
  status?: string;
  acknowledged?: boolean;
  unacknowledged?: boolean;
  json?: boolean;
}

interface SayOptions {
  note?: string;
  json?: boolean;
}

/** `alerts list | acknowledge | resolve`: who crossed which threshold, and what was done about it. */
export function addAlertsCommand(program: Command, context: Context): void {
  const alerts = program.command('alerts').description('list alerts, and mark them as seen or as dealt with');

  alerts
    .command('list')
    .description('list alerts, newest first')
    .option('--customer <id>', 'only of this customer')
    .option('--quota <id>', 'only about this quota')
    .addOption(new Option('--kind <kind>', 'about a quota, or about what is held back').choices(['quota_threshold', 'quarantine_growth']))
    .addOption(new Option('--status <status>', 'how they stand').choices(['active', 'resolved']))
    .option('--acknowledged', 'only those that somebody has marked as seen')
    .addOption(new Option('--unacknowledged', 'only those that nobody has marked as seen').conflicts('acknowledged'))
    .option('--json', 'print the answer as JSON')
    .action(async (options: ListOptions) => {
      const all = await listAll<Alert>(context.api(), pathOf(options));
      context.print(options.json ? JSON.stringify(all) : alertTable(all));
    });

  saying(context, alerts.command('acknowledge').description('mark an alert as seen; it stays active'), 'acknowledge');
  saying(context, alerts.command('resolve').description('mark an alert as dealt with; when the threshold is crossed anew it is active again'), 'resolve');
}

/** Both may be said again: who was first is kept. */
function saying(context: Context, command: Command, what: 'acknowledge' | 'resolve'): void {
  command
    .argument('<id>', "the alert's id, as `alerts list` shows it")
    .option('--note <text>', 'for the others of the operator')
    .option('--json', 'print the answer as JSON')
    .action(async (id: string, { note, json }: SayOptions) => {
      const alert = (await context.api().call('POST', `/v1/alerts/${encodeURIComponent(id)}/${what}`, { note })) as Alert;
      context.print(json ? JSON.stringify(alert) : alertTable([alert]));
    });
}

function pathOf({ customer, quota, kind, status, acknowledged, unacknowledged }: ListOptions): string {
  const seen = acknowledged ? 'true' : unacknowledged ? 'false' : undefined;
  const given = Object.entries({ customer_id: customer, quota_id: quota, kind, status, acknowledged: seen, limit: '1000' }).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return `/v1/alerts?${new URLSearchParams(given)}`;
}

const alertTable = (alerts: readonly Alert[]): string =>
  table(
    ['id', 'customer', 'about', 'at %', 'limit', 'value', 'period', 'status', 'seen', 'raised'],
    alerts.map((alert) => [
      alert.id,
      alert.customer_id ?? "(operator's)",
      alert.kind === 'quota_threshold' ? [alert.metric, [alert.provider, alert.model].filter(Boolean).join('/')].filter(Boolean).join(' of ') : 'held back',
      alert.threshold_percent,
      alert.limit,
      alert.value,
      alert.period_start?.slice(0, 7) ?? alert.hour_start,
      alert.status,
      alert.acknowledged_at,
      alert.raised_at,
    ]),
  );

import { type Command } from 'commander';
import { table } from '../output/table.js';
import { type Context } from './context.js';

/** One step of an event's history, as GET /v1/events/{usage_id}/history answers. */
export interface HistoryEntry {
  kind: string;
  correction_id?: string;
  requested_by?: string;
  requested_at?: string;
  reason?: string;
  outcome?: string;
  because?: { code: string; detail: string };
  version?: number;
  state?: string;
  usage?: Record<string, number | string>;
  cost_usd?: string | null;
  cost_change_usd?: string | null;
  status?: string;
  replaced_by?: string;
  recorded_at: string;
  position: { generation: number; partition: number; sequence: number; index: number };
}

/** `events history`: what happened to an event. */
export function addEventsCommand(program: Command, context: Context): void {
  program
    .command('events')
    .description('look at single events')
    .command('history')
    .description('show what happened to an event, from its recording to its last correction')
    .argument('<usage-id>', "the event's address, as sending it answered")
    .option('--json', 'print the answer as JSON')
    .action(async (usageId: string, options: { json?: boolean }) => {
      const { data } = await readHistory(context, usageId);
      context.print(options.json ? JSON.stringify(data) : historyTable(data));
    });
}

/** @throws CliError with the API's own words */
export async function readHistory(context: Context, usageId: string): Promise<{ data: HistoryEntry[] }> {
  return (await context.api().call('GET', `/v1/events/${encodeURIComponent(usageId)}/history`)) as { data: HistoryEntry[] };
}

const historyTable = (entries: HistoryEntry[]): string =>
  table(
    ['when', 'what', 'outcome', 'by', 'why', 'state', 'usage', 'cost USD', 'change USD', 'position'],
    entries.map((entry) => [
      entry.requested_at ?? entry.recorded_at,
      [entry.kind, entry.correction_id].filter(Boolean).join(' '),
      [entry.outcome ?? 'recorded', entry.because?.code].filter(Boolean).join(': '),
      entry.requested_by,
      entry.reason,
      [entry.state, entry.status, entry.replaced_by && `replaced by ${entry.replaced_by}`].filter(Boolean).join(', '),
      Object.entries(entry.usage ?? {}).map(([name, amount]) => `${name} ${amount}`).join(', '),
      entry.cost_usd === null ? 'unknown' : entry.cost_usd,
      entry.cost_change_usd === null ? 'unknown' : entry.cost_change_usd,
      [entry.position.generation, entry.position.partition, entry.position.sequence, entry.position.index].join('/'),
    ]),
  );

import { monthStartText, type ThresholdState, type WindowState } from '@ledgerline/domain-quota';
import { type Kysely, sql } from 'kysely';
import { type QuotaWindow } from '../application/ports.js';
import { arrayLiteral } from './array-literal.js';
import { type QuotaDatabase } from './quota-database.js';

const keyOf = (quotaId: string, periodStart: string): string => `${quotaId}/${periodStart}`;

/** What stands in each window; an empty state where nothing was ever crossed. */
export async function statesOf(db: Kysely<QuotaDatabase>, windows: readonly QuotaWindow[]): Promise<WindowState[]> {
  const { rows } = await sql<ThresholdState & { quotaId: string; periodStart: string; thresholdPercent: number }>`
    select quota_id as "quotaId", period_start::text as "periodStart", threshold_percent as "thresholdPercent",
      limit_version as "limitVersion", crossed, crossing_number as "crossingNumber"
    from quota.windows
    where quota_id = any(${arrayLiteral(new Set(windows.map(({ quota }) => quota.id)))}::uuid[])
      and period_start = any(${arrayLiteral(new Set(windows.map(({ month }) => monthStartText(month))))}::date[])`.execute(db);
  const states = new Map<string, Map<number, ThresholdState>>();
  for (const { quotaId, periodStart, thresholdPercent, limitVersion, crossed, crossingNumber } of rows) {
    const key = keyOf(quotaId, periodStart);
    const state = states.get(key) ?? new Map<number, ThresholdState>();
    states.set(key, state.set(thresholdPercent, { limitVersion, crossed, crossingNumber }));
  }
  return windows.map(({ quota, month }) => states.get(keyOf(quota.id, monthStartText(month))) ?? new Map());
}

export async function saveStates(
  db: Kysely<QuotaDatabase>,
  changes: readonly { window: QuotaWindow; state: WindowState }[],
): Promise<void> {
  const rows = changes.flatMap(({ window, state }) =>
    [...state].map(([percent, threshold]) => ({
      quota_id: window.quota.id,
      period_start: monthStartText(window.month),
      threshold_percent: percent,
      limit_version: threshold.limitVersion,
      crossed: threshold.crossed,
      crossing_number: threshold.crossingNumber,
    })),
  );
  const column = (name: keyof (typeof rows)[number]) => arrayLiteral(rows.map((row) => String(row[name])));
  await sql`
    insert into quota.windows (quota_id, period_start, threshold_percent, limit_version, crossed, crossing_number)
    select * from unnest(
      ${column('quota_id')}::uuid[], ${column('period_start')}::date[], ${column('threshold_percent')}::int[],
      ${column('limit_version')}::int[], ${column('crossed')}::boolean[], ${column('crossing_number')}::int[])
    on conflict (quota_id, period_start, threshold_percent) do update
    set limit_version = excluded.limit_version, crossed = excluded.crossed, crossing_number = excluded.crossing_number`.execute(db);
}

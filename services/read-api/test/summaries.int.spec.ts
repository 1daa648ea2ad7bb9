import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formatUsd, parseUsd } from '@ledgerline/kernel';
import { SUMMARY_SORTS } from '../src/application/summary-order.js';
import { ListsRig } from './lists-rig.js';

type Row = Record<string, unknown> & { event_count: number; cost_usd: string | null; unpriced_events: number };
const rig = new ListsRig();
const rows = async (query: string): Promise<Row[]> => {
  const { status, data } = await rig.json(`/v1/summaries?${query}`);
  expect([query, status]).toEqual([query, 200]);
  return data as Row[];
};

beforeAll(async () => {
  await rig.start();
  await rig.fill('acme', 240);
  await rig.fill('other', 120);
  // One event an hour, some of them without a price.
  await rig.fill('tiny', 20);
}, 90_000);
afterAll(() => rig.stop());

/** A sum as a number that can be compared; null: unknown. */
const amount = (value: unknown): bigint | null => (value === null ? null : parseUsd(String(value)));

describe('summaries in an order', () => {
  const tokensOf = (row: Row): bigint => Object.entries(row).reduce((sum, [name, value]) => (name.endsWith('_tokens') ? sum + BigInt(value as number | string) : sum), 0n);

  it.each(SUMMARY_SORTS)('by %s, both ways, are the same rows; the unknown stand last', async (measure) => {
    const plain = await rows('group_by=model,hour');
    const valueOf = (row: Row) => (measure === 'tokens' ? tokensOf(row) : amount(row[measure]));
    for (const [minus, sign] of [['', 1n], ['-', -1n]] as const) {
      const sorted = await rows(`group_by=model,hour&sort=${minus}${measure}`);
      const values = sorted.map(valueOf);
      const known = values.filter((value) => value !== null);
      expect(values.slice(known.length).every((value) => value === null)).toBe(true);
      expect(known.every((value, i) => i === 0 || (value - known[i - 1]!) * sign >= 0n)).toBe(true);
      const texts = (list: Row[]) => list.map((row) => JSON.stringify(row)).sort();
      expect(texts(sorted)).toEqual(texts(plain));
    }
  });

  it('are cut to the limit behind the order', async () => {
    const all = await rows('group_by=model,hour&sort=-event_count');
    expect(await rows('group_by=model,hour&sort=-event_count&limit=5')).toEqual(all.slice(0, 5));
  });
});

describe('summaries beside the period before', () => {
  const PREVIOUS_HOUR_MS = 3_600_000;
  const NOTHING = { event_count: 0, cost_usd: '0', unpriced_events: 0 };

  it.each(['', '&from=2026-11-21T22:00:00Z', '&customer_id=tiny&from=2026-11-21T22:00:00Z&to=2026-11-22T09:00:00Z'])('(%s) say of every row what its group had in the hour before, and the exact change', async (range) => {
    const all = await rows('group_by=customer,hour');
    const compared = await rows(`group_by=customer,hour&compare=previous${range}`);
    expect(compared.map(({ previous: _, change: __, ...row }) => row)).toEqual(await rows(`group_by=customer,hour${range}`));
    expect(compared.length).toBeGreaterThan(9);
    for (const row of compared) {
      const hour = new Date(Date.parse(row['hour'] as string) - PREVIOUS_HOUR_MS).toISOString().replace('.000', '');
      const before = all.find((one) => one['hour'] === hour && one['customer_id'] === row['customer_id']) ?? NOTHING;
      expect(row['previous']).toEqual({ event_count: before.event_count, cost_usd: before.cost_usd, unpriced_events: before.unpriced_events });
      const unknown = row.cost_usd === null || before.cost_usd === null;
      expect(row['change']).toEqual({ event_count: row.event_count - before.event_count, cost_usd: unknown ? null : formatUsd(parseUsd(row.cost_usd!) - parseUsd(before.cost_usd!)) });
    }
    expect(compared.some((row) => (row['change'] as Row).cost_usd === null)).toBe(true);
  });

  it('are the same in a file', async () => {
    const lines = (await (await rig.fetch('/v1/summaries?group_by=day,model&compare=previous&sort=-cost_usd', { accept: 'application/x-ndjson' })).text()).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(await rows('group_by=day,model&compare=previous&sort=-cost_usd'));
    const csv = await (await rig.fetch('/v1/summaries?group_by=month&compare=previous', { accept: 'text/csv' })).text();
    expect(csv.split('\r\n')[0]).toMatch(/,previous_event_count,previous_cost_usd,previous_unpriced_events,change_event_count,change_cost_usd$/);
  });
});

import { DeltaKind, TOKEN_QUANTITIES } from '@ledgerline/contracts';
import { monthStartText } from '@ledgerline/domain-quota';
import { type SumName, type UsageTally } from '../src/application/usage-tally.js';
import { type TestDelta } from './priced-feed.js';

const NAMES: readonly SumName[] = ['event_count', 'requests', 'tokens', 'characters', 'seconds', 'credits', 'cost_usd', 'unpriced_events'];

/** Sums by JSON of [customer, month, provider, model], all-zero ones left out. */
export type NetSums = Record<string, Record<SumName, string>>;

class Adding {
  private readonly rows = new Map<string, Record<SumName, bigint>>();

  row(key: readonly string[]): Record<SumName, bigint> {
    const text = JSON.stringify(key);
    const row = this.rows.get(text) ?? (Object.fromEntries(NAMES.map((name) => [name, 0n])) as Record<SumName, bigint>);
    this.rows.set(text, row);
    return row;
  }

  sums(): NetSums {
    const rows = [...this.rows].filter(([, row]) => NAMES.some((name) => row[name] !== 0n));
    return Object.fromEntries(rows.map(([key, row]) => [key, Object.fromEntries(NAMES.map((name) => [name, String(row[name])])) as Record<SumName, string>]));
  }
}

/** What these events add up to, the slow and obvious way. */
export function sumsOfEvents(events: readonly TestDelta[]): NetSums {
  const adding = new Adding();
  for (const { customer, provider, model, occurredAt, kind, cost, usage = {} } of events) {
    const row = adding.row([customer, `${occurredAt!.slice(0, 7)}-01`, provider!, model!]);
    if (cost === undefined) row.unpriced_events += 1n;
    else row.cost_usd += cost;
    if (kind === DeltaKind.credited) continue;
    row.event_count += 1n;
    row.requests += BigInt(usage['requests'] ?? 1);
    for (const [name, amount] of Object.entries(usage)) {
      if (TOKEN_QUANTITIES.some((token) => token.name === name)) row.tokens += BigInt(amount);
      if (name === 'characters' || name === 'seconds' || name === 'credits') row[name] += BigInt(amount);
    }
  }
  return adding.sums();
}

/** What the tallies of batches add up to. */
export function sumsOfTallies(tallies: readonly UsageTally[]): NetSums {
  const adding = new Adding();
  for (const tally of tallies) {
    for (let i = 0; i < tally.rowCount; i++) {
      const { provider, model } = tally.scopes[tally.scopeOf[i]!]!;
      const row = adding.row([tally.customers[tally.customerOf[i]!]!, monthStartText(tally.monthOf[i]!), provider, model]);
      for (const name of NAMES) row[name] += BigInt(tally.sums[name].text(i));
    }
  }
  return adding.sums();
}

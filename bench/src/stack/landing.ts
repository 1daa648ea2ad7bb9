import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createClickHouse, type ClickHouseClient, selectRows } from '@ledgerline/clickhouse';

/** What has arrived at the two ends of the pipeline. */
export interface Landed {
  readonly rows: number;
  readonly counted: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly unpriced: number;
}

const POLL_MS = 25;

/** Looks at the two ends of the pipeline: the rows in ClickHouse and the quota sums in Postgres. */
export class Landing {
  readonly clickhouse: ClickHouseClient;
  readonly postgres: pg.Pool;

  constructor(stack: { readonly clickhouseUrl: string; readonly databaseUrl: string }) {
    this.clickhouse = createClickHouse({ url: stack.clickhouseUrl, applicationName: 'ledgerline-bench', requestTimeoutMs: 120_000 });
    this.postgres = new pg.Pool({ connectionString: stack.databaseUrl, max: 2, application_name: 'ledgerline-bench' });
  }

  async rows(): Promise<number> {
    const [row] = await selectRows<{ n: string }>(this.clickhouse, 'SELECT count() AS n FROM usage_events');
    return Number(row!.n);
  }

  async counted(): Promise<number> {
    const { rows } = await this.postgres.query<{ n: string }>('SELECT coalesce(sum(event_count), 0)::text AS n FROM quota.published_sums');
    return Number(rows[0]!.n);
  }

  /** Everything there is, for exact comparison. */
  async all(): Promise<Landed> {
    const [row] = await selectRows<Record<'rows' | 'input' | 'output' | 'unpriced', string>>(
      this.clickhouse,
      'SELECT count() AS rows, sum(input_tokens) AS input, sum(output_tokens) AS output, sum(unpriced_count) AS unpriced FROM usage_events',
    );
    return { rows: Number(row!.rows), inputTokens: Number(row!.input), outputTokens: Number(row!.output), unpriced: Number(row!.unpriced), counted: await this.counted() };
  }

  /**
   * Waits until that many events are at both ends.
   *
   * @returns the wall clock, in milliseconds, at which each end was seen to have them
   * @throws when nothing moves for `stallMs`, or more arrive than were sent
   */
  async untilLanded(events: number, stallMs = 30_000): Promise<{ rowsAtMs: number; countedAtMs: number }> {
    const [rowsAtMs, countedAtMs] = await Promise.all([
      until('ClickHouse', () => this.rows(), events, stallMs),
      until('the quota sums', () => this.counted(), events, stallMs),
    ]);
    return { rowsAtMs, countedAtMs };
  }

  async close(): Promise<void> {
    await Promise.all([this.clickhouse.close(), this.postgres.end()]);
  }
}

async function until(where: string, count: () => Promise<number>, events: number, stallMs: number): Promise<number> {
  let last = -1;
  let movedMs = performance.now();
  for (;;) {
    const now = await count();
    if (now === events) return Date.now();
    if (now > events) throw new Error(`${where} holds ${now} events of ${events}`);
    if (now !== last) movedMs = performance.now();
    else if (performance.now() - movedMs > stallMs) throw new Error(`${where} stays at ${now} of ${events} events`);
    last = now;
    await sleep(POLL_MS);
  }
}

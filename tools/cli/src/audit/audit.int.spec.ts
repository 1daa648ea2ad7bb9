import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { eventually } from '@ledgerline/testing';
import { type Ended, Services } from '../../test/services.js';

const services = new Services();
const send = (events: unknown[]): Promise<string[]> => services.send(events);

beforeAll(async () => {
  await services.start(2);
  await send([...Array(120).keys()].map(event));
  await send([...Array(20).keys()].map(event));
  await send([{ ...event(7), usage: { input_tokens: 1 } }]);
  await eventually(async () => expect(await audited()).toMatchObject({ code: 0, output: expect.stringContaining('Exact: 141 events') }), { timeoutMs: 20_000 });
}, 120_000);

afterAll(() => services.stop(), 60_000);

/** Different customers, models, metrics and months; every seventh has no price. */
const event = (n: number): Record<string, unknown> => ({
  id: `e${n}`,
  customer_id: n % 3 === 0 ? 'acme' : 'zeta',
  ...(n % 5 === 0
    ? { provider: 'smartflo', model: 'call', usage: { seconds: 7.25 } }
    : { provider: 'openai', model: n % 7 === 0 ? 'unheard-of' : 'gpt-4', usage: { input_tokens: 100 + n, output_tokens: n } }),
  occurred_at: n % 2 === 0 ? '2026-01-31T23:59:59.999999Z' : '2026-02-01T00:00:00Z',
});

const audited = (...args: string[]): Promise<Ended> => services.cli(['audit', ...args]);

interface Report {
  exact: boolean;
  coverage: string;
  events: string;
  outcomes: Record<string, string>;
  partitions: { events: string; rows: string; priced_from: number; priced_sequence: number; outcomes: Record<string, string> }[];
}

const report = ({ output }: { output: string }): Report => JSON.parse(output) as Report;

/** Audits until that many events are counted. */
const untilEvents = (count: number): Promise<Report> =>
  eventually(
    async () => {
      const found = report(await audited('--json'));
      expect(found.events).toBe(String(count));
      return found;
    },
    { timeoutMs: 20_000 },
  );

describe('audit', () => {
  it('exits 0 and shows every outcome when log, rows, sums and summaries agree', async () => {
    const answer = await audited('--json', '--full');
    const { exact, partitions } = report(answer);
    const total = (pick: (partition: Report['partitions'][number]) => string): number => partitions.reduce((sum, partition) => sum + Number(pick(partition)), 0);
    expect([answer.code, exact]).toEqual([0, true]);
    expect([total((p) => p.events), total((p) => p.rows), total((p) => p.outcomes['duplicate']!), total((p) => p.outcomes['quarantined']!)]).toEqual([141, 120, 20, 1]);
  });

  it('stays exact while a trace is imported twice, which counts it once', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'trace-')), 'trace.csv');
    const lines = Array.from({ length: 250 }, (_, i) => `2023-11-16 18:17:0${i % 10}.979960${i % 10},${i * 31},${i}`);
    writeFileSync(file, ['TIMESTAMP,ContextTokens,GeneratedTokens', ...lines].join('\r\n'));
    const args = ['import', 'azure-llm-trace', file, '--customer', 'trace', '--provider', 'openai', '--model', 'gpt-4', '--batch', '100'];
    for (const round of [1, 2]) {
      expect(await services.cli(args)).toEqual({ code: 0, output: expect.stringMatching(/accepted +│ +250 │ +964875 │ +31125 │/) });
      await eventually(async () => expect(await audited()).toMatchObject({ code: 0, output: expect.stringContaining(`Exact: ${141 + 250 * round} events`) }), { timeoutMs: 20_000 });
    }
    rmSync(dirname(file), { recursive: true });
    const counted = await services.postgres.query("SELECT event_count::int, tokens::text FROM quota.usage_sums WHERE customer_id = 'trace'");
    expect(counted.rows).toEqual([{ event_count: 250, tokens: '996000' }]);
  }, 60_000);

  it('walks only what came after the baseline, and what it says of all events rests on both', async () => {
    expect(report(await audited('--json'))).toMatchObject({ exact: true, coverage: 'baseline', events: '641', sealed: false });
    await send([event(1000), event(1001)]);
    const second = await untilEvents(643);
    expect(second).toMatchObject({ exact: true, coverage: 'baseline', sealed: true });
    // The partitions get there one after the other, so one of the events may have been walked before.
    expect([1, 2]).toContain(second.partitions.reduce((sum, { events }) => sum + Number(events), 0));
    expect(report(await audited('--json', '--full'))).toMatchObject({ exact: true, coverage: 'whole', events: '643', sealed: true });
    expect(report(await audited('--json'))).toMatchObject({ coverage: 'baseline', outcomes: { duplicate: '270', quarantined: '1' }, partitions: [{ events: '0' }, { events: '0' }] });
  });

  it('compares the rows of what was published since a time, and says that it compared no totals', async () => {
    const before = new Date(Date.now() + 1).toISOString();
    await eventually(() => Promise.resolve(expect(Date.now()).toBeGreaterThan(Date.parse(before))));
    await send([event(2000), event(2001), event(2002)]);
    await untilEvents(646);
    const since = report(await audited('--json', '--since', before));
    expect(since).toMatchObject({ exact: true, coverage: 'range', compared: ['rows'], events: '3', sealed: false });
    expect((await audited('--since', '1h')).output).toMatch(/Exact in this range: 646 events .*quota sums and summaries, totals from the beginning, were not compared\./s);
    expect(await audited('--since', 'yesterday')).toMatchObject({ code: 2 });
  });

  for (const mode of [[], ['--full']]) {
    it(`exits 1 and names customer, month, number and both values when one quota sum is off by 1e-12: audit ${mode.join('')}`, async () => {
      const shift = (by: string): Promise<unknown> =>
        services.postgres.query(`UPDATE quota.usage_sums SET cost_usd = cost_usd ${by} WHERE customer_id = 'acme' AND provider = 'openai' AND model = 'gpt-4' AND period_start = '2026-01-01'`);
      await shift('+ 0.000000000001');
      const { code, output } = await audited(...mode);
      expect(code).toBe(1);
      expect(output).toMatch(/DIFFERENT: Quota sums, customer "acme", 2026-01, openai\/gpt-4: cost_usd should be (\d+\.\d+) but is \1\d*1\.\n?/);
      await shift('- 0.000000000001');
      expect(await audited(...mode)).toMatchObject({ code: 0 });
    });
  }

  it('seals no baseline on a difference', async () => {
    const sealed = (): Promise<string> => services.postgres.query('SELECT number::text FROM audit.seals').then(({ rows }) => rows[0].number as string);
    const before = await sealed();
    await services.postgres.query("UPDATE quota.usage_sums SET event_count = event_count + 1 WHERE customer_id = 'trace'");
    await send([event(3000)]);
    await eventually(async () => expect(report(await audited('--json'))).toMatchObject({ events: '647', exact: false, sealed: false }), { timeoutMs: 20_000 });
    expect(await sealed()).toBe(before);
    await services.postgres.query("UPDATE quota.usage_sums SET event_count = event_count - 1 WHERE customer_id = 'trace'");
    expect(report(await audited('--json'))).toMatchObject({ exact: true, sealed: true });
  });

  it('exits 1 and names the partition when ClickHouse has lost one row that the baseline had', async () => {
    const [id, partition] = (await services.clickhouse.query('SELECT usage_id, source_partition FROM usage_events ORDER BY usage_id LIMIT 1')).trim().split('\t');
    await services.clickhouse.query('CREATE TABLE kept AS usage_events');
    await services.clickhouse.query(`INSERT INTO kept SELECT * FROM usage_events WHERE usage_id = '${id}'`);
    await services.clickhouse.query(`ALTER TABLE usage_events DELETE WHERE usage_id = '${id}' SETTINGS mutations_sync = 2`);
    const minute = await audited();
    expect([minute.code, minute.output]).toEqual([1, expect.stringMatching(/DIFFERENT: Summaries, customer "[a-z]+", 202\d-\d\d, \w+\/\S+: event_count should be \d+ but is \d+\./)]);
    expect(minute.output).toContain('`audit --full` walks the log from its beginning');
    const { code, output } = await audited('--full');
    expect(code).toBe(1);
    const [, expected, found] = new RegExp(`DIFFERENT: ClickHouse rows, partition ${partition}, USAGE sequences 1 to \\d+: event_count should be (\\d+) but is (\\d+)\\.`).exec(output) ?? [];
    expect(Number(expected) - Number(found)).toBe(1);
    expect(output).toContain('Summaries, customer');
    await services.clickhouse.query('INSERT INTO usage_events SELECT * FROM kept');
    expect(await audited('--full')).toMatchObject({ code: 0 });
  });

  it('goes on from the baseline where the streams have been trimmed, and states its range where there is none', async () => {
    const nats = await connect({ servers: services.env.NATS_URL! });
    const jsm = await jetstreamManager(nats);
    for (const partition of [0, 1]) {
      const { state } = await jsm.streams.info(`PRICED_g1_p${partition}`);
      await jsm.streams.purge(`PRICED_g1_p${partition}`, { seq: state.last_seq });
      await jsm.streams.purge(`USAGE_g1_p${partition}`);
    }
    await nats.close();
    expect(report(await audited('--json'))).toMatchObject({ exact: true, coverage: 'baseline', events: '647' });
    const full = report(await audited('--json', '--full'));
    expect(full).toMatchObject({ exact: true, coverage: 'baseline', events: '647' });
    for (const { priced_from, priced_sequence } of full.partitions) expect(priced_from).toBe(priced_sequence);
    await services.postgres.query('DELETE FROM audit.seals');
    const { code, output } = await audited();
    expect([code, output]).toEqual([0, expect.stringContaining('Exact in this range')]);
    expect(output).toContain('The log no longer begins at its beginning');
    expect(output).toMatch(/\d+ USAGE messages are trimmed; PRICED's own copy of them was decoded/);
  });

  it('exits 2 when a server it needs does not answer', async () => {
    expect(await services.cli(['audit'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' })).toEqual({ code: 2, output: '' });
  });
});

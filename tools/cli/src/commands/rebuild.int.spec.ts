import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@ledgerline/testing';
import { rmSync } from 'node:fs';
import { ADMIN_KEY, Ledger, RunningDeployment } from '../../test/running-deployment.js';

let deployment: RunningDeployment;
const ledger = new Ledger();
let sent = 0;

beforeAll(async () => {
  deployment = await RunningDeployment.start(2);
  await post('quota', '/v1/quotas', { customer_id: 'acme', metric: 'tokens', limit: 20_000 });
  for (let i = 0; i < 20; i++) await sendMore(100);
  await settled();
}, 400_000);

afterAll(() => deployment?.end(), 60_000);

async function post(service: 'quota', path: string, body: unknown): Promise<void> {
  const answer = await fetch(deployment.url(service) + path, { method: 'POST', headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });
  expect([answer.status, await answer.text()]).toEqual([201, expect.any(String)]);
}

async function sendMore(count: number): Promise<void> {
  ledger.record(await deployment.send(Array.from({ length: count }, () => `e${sent++}`)));
}

/** Sends until `work` has ended. */
async function underTraffic<T>(work: () => Promise<T>): Promise<T> {
  let ended = false;
  const producer = (async () => {
    while (!ended) await sendMore(20);
  })();
  try {
    return await work();
  } finally {
    ended = true;
    await producer;
  }
}

/** Everything acknowledged is in every projection, once. */
const settled = (): Promise<void> =>
  eventually(
    async () => {
      const expected: [number, number] = [ledger.ids.size, ledger.tokens];
      expect(await deployment.totals()).toEqual({ rows: expected, sums: expected });
    },
    { timeoutMs: 30_000 },
  );

const alerts = async (): Promise<number> => {
  const answer = await fetch(`${deployment.url('alerting')}/v1/alerts`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
  return ((await answer.json()) as { data: unknown[] }).data.length;
};

const exact = async (): Promise<void> => expect(await deployment.cli('audit')).toMatchObject({ code: 0 });

describe('rebuild clickhouse', () => {
  it('under traffic builds the same rows, switches to them, and loses and doubles nothing', async () => {
    const table = (): Promise<string> => deployment.clickhouse.query("SELECT uuid FROM system.tables WHERE database = currentDatabase() AND name = 'usage_events'");
    const before = await table();
    const { code, output } = await underTraffic(() => deployment.cli('rebuild', 'clickhouse'));
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('the same to the last digit') });
    expect(await table()).not.toBe(before);
    expect(await deployment.clickhouse.query("SELECT count() FROM system.tables WHERE database = currentDatabase() AND name LIKE '%rebuild%'")).toBe('0\n');
    await settled();
    await exact();
  }, 400_000);

  it('names what is wrong in the old rows, changes nothing unasked, and repairs them with --yes', async () => {
    const [id] = (await deployment.clickhouse.query('SELECT usage_id FROM usage_events ORDER BY usage_id LIMIT 1')).trim().split('\t');
    await deployment.clickhouse.query(`ALTER TABLE usage_events DELETE WHERE usage_id = '${id}' SETTINGS mutations_sync = 2`);
    const damaged = await deployment.totals();
    const refused = await deployment.cli('rebuild', 'clickhouse');
    expect(refused).toEqual({ code: 1, output: expect.stringMatching(/customer "acme", 2026-01, openai\/\S+, partition \d.*event_count/s) });
    expect(await deployment.totals()).toEqual(damaged);
    expect(await underTraffic(() => deployment.cli('rebuild', 'clickhouse', '--yes'))).toEqual({ code: 0, output: expect.stringContaining('which was wrong') });
    await settled();
    await exact();
    expect(await deployment.clickhouse.query('SELECT count() > 0 FROM usage_events_before_rebuild')).toBe('1\n');
  }, 400_000);

  it('sees a column of one row that no sum shows', async () => {
    await deployment.clickhouse.query("ALTER TABLE usage_events UPDATE user_id = 'somebody' WHERE usage_id = (SELECT min(usage_id) FROM usage_events) SETTINGS mutations_sync = 2");
    expect(await deployment.cli('rebuild', 'clickhouse')).toEqual({ code: 1, output: expect.stringContaining('content of rows') });
    expect(await deployment.cli('rebuild', 'clickhouse', '--yes')).toMatchObject({ code: 0 });
    expect(await deployment.clickhouse.query("SELECT count() FROM usage_events WHERE user_id = 'somebody'")).toBe('0\n');
  }, 400_000);
});

describe('rebuild quota', () => {
  it('under traffic comes to the same sums, and announces nothing again', async () => {
    const before = await eventually(async () => {
      const count = await alerts();
      expect(count).toBeGreaterThan(0);
      return count;
    });
    expect(await underTraffic(() => deployment.cli('rebuild', 'quota'))).toEqual({ code: 0, output: expect.stringContaining('the same to the last digit') });
    await settled();
    await exact();
    expect(await alerts()).toBe(before);
  }, 400_000);

  it('names the sum that is wrong, changes nothing unasked, and repairs it with --yes', async () => {
    const before = await alerts();
    await deployment.postgres.query("update quota.usage_sums set cost_usd = cost_usd + 0.000000000001, tokens = tokens - 1 where customer_id = 'acme' and model = 'gpt-4'");
    await deployment.postgres.query("insert into quota.usage_sums (customer_id, period_start, provider, model, event_count) values ('nobody', '2026-01-01', 'p', 'm', 3)");
    const refused = await deployment.cli('rebuild', 'quota');
    expect(refused).toEqual({ code: 1, output: expect.stringMatching(/customer "acme", 2026-01, openai\/gpt-4.*tokens.*customer "nobody".*event_count/s) });
    expect(await deployment.cli('audit')).toMatchObject({ code: 1 });
    expect(await underTraffic(() => deployment.cli('rebuild', 'quota', '--yes'))).toMatchObject({ code: 0 });
    await settled();
    await exact();
    expect(await alerts()).toBe(before);
    expect((await deployment.postgres.query("select to_regclass('quota.usage_sums_rebuild') as beside")).rows).toEqual([{ beside: null }]);
  }, 400_000);
});

describe('rebuild alerts', () => {
  it('records the same alerts from QUOTA, and says so', async () => {
    expect(await deployment.cli('rebuild', 'alerts')).toEqual({ code: 0, output: expect.stringContaining('the same to the last digit') });
  }, 200_000);

  it('names the alert that is wrong, changes nothing unasked, and repairs it with --yes', async () => {
    const shown = (): Promise<unknown> => deployment.postgres.query('select id, status, value::text, crossing_number, raised_at from alerting.alerts order by id').then(({ rows }) => rows);
    const right = await shown();
    await deployment.postgres.query("update alerting.alerts set status = 'resolved', resolved_at = now() where id = (select min(id::text)::uuid from alerting.alerts)");
    const damaged = await shown();
    const refused = await deployment.cli('rebuild', 'alerts');
    expect(refused).toEqual({ code: 1, output: expect.stringMatching(/alerts, [0-9a-f-]{36}.*resolved.*active/s) });
    expect(await shown()).toEqual(damaged);
    expect(await underTraffic(() => deployment.cli('rebuild', 'alerts', '--yes'))).toEqual({ code: 0, output: expect.stringContaining('which was wrong') });
    expect(await shown()).toEqual(right);
    await settled();
  }, 200_000);
});

describe('rebuild index', () => {
  it('under traffic holds the same identities as the one in use', async () => {
    expect(await underTraffic(() => deployment.cli('rebuild', 'index'))).toEqual({ code: 0, output: expect.stringContaining('the same to the last digit') });
    await settled();
  }, 200_000);

  it('takes the place of one that is lost, and knows what was counted', async () => {
    await deployment.stopServices(['pricing']);
    rmSync(deployment.env['PRICING_INDEX_DIR']!, { recursive: true });
    expect(await deployment.cli('rebuild', 'index')).toEqual({ code: 1, output: expect.stringMatching(/partition 0 .*index .*none .*PRICED up to \d+/) });
    expect(await deployment.cli('rebuild', 'index', '--yes')).toEqual({ code: 0, output: expect.stringContaining('Start the pricing processes of this host again') });
    await deployment.startServices(['pricing']);
    await deployment.send([...ledger.ids].slice(0, 50));
    await sendMore(10);
    await settled();
    await exact();
    expect(await deployment.cli('rebuild', 'index')).toMatchObject({ code: 0 });
  }, 200_000);
});

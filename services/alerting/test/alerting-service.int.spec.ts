import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QuotaEventSchema } from '@ledgerline/contracts';
import { call, eventually, linkedPages } from '@ledgerline/testing';
import { AlertingFixture, type Told } from './alerting-fixture.js';

const QUOTA_ID = '0b1f6c6e-0000-4000-8000-000000000001';

let alerting: AlertingFixture;

beforeAll(async () => {
  alerting = await AlertingFixture.start();
});
afterAll(() => alerting?.end());

const tell = (told: Told) => alerting.tell(told);
const publish = (bytes: Uint8Array) => alerting.publish(bytes);
const settled = () => alerting.settled();
const alertsOf = (customer: string, more?: string) => alerting.alertsOf(customer, more);
const url = () => alerting.url;

describe('the alerting service', () => {
  it('raises one alert for a crossing, with who, what, limit and value', async () => {
    await tell({ customer: 'acme', kind: 'crossed' });
    await settled();
    expect(await alertsOf('acme')).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        kind: 'quota_threshold',
        quota_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        customer_id: 'acme',
        metric: 'tokens',
        provider: 'openai',
        model: null,
        limit: '1000000',
        limit_version: 1,
        threshold_percent: 80,
        value: '800001',
        period_start: '2023-11-01',
        hour_start: null,
        status: 'active',
        crossing_number: 1,
        reopened_count: 0,
        raised_at: '2023-11-20T00:00:00.000Z',
        acknowledged_at: null,
        acknowledged_by: null,
        acknowledged_note: null,
        resolved_at: null,
        resolved_by: null,
        resolved_note: null,
      },
    ]);
  });

  it('knows a decision that is published again, also after it was resolved', async () => {
    const customer = 'again!';
    await tell({ customer, kind: 'crossed' });
    await tell({ customer, kind: 'crossed' });
    await settled();
    expect(await alertsOf(customer)).toMatchObject([{ status: 'active', crossing_number: 1 }]);
    await tell({ customer, kind: 'uncrossed', atMs: Date.parse('2023-11-21') });
    await tell({ customer, kind: 'crossed' });
    await settled();
    expect(await alertsOf(customer)).toMatchObject([{ status: 'resolved', resolved_at: '2023-11-21T00:00:00.000Z' }]);
    expect(
      (
        await alerting.sql.query(
          'select count(*)::int as n from alerting.alert_history h join alerting.alerts a on a.id = h.alert_id where customer_id = $1',
          [customer],
        )
      ).rows[0].n,
    ).toBe(2);
  });

  it('reopens the same alert when its threshold is crossed again', async () => {
    const customer = 'reopened';
    await tell({ customer, kind: 'crossed' });
    await settled();
    const [first] = await alertsOf(customer);
    await tell({ customer, kind: 'uncrossed' });
    await tell({ customer, kind: 'crossed', number: 2 });
    await settled();
    expect(await alertsOf(customer)).toMatchObject([
      { id: first!['id'], status: 'active', crossing_number: 2, reopened_count: 1, value: '800002', resolved_at: null },
    ]);
  });

  it('does not resolve an alert that came again when the end of its earlier crossing is delivered once more', async () => {
    const customer = 'order';
    await tell({ customer, kind: 'crossed' });
    await tell({ customer, kind: 'uncrossed' });
    await tell({ customer, kind: 'crossed', number: 2 });
    await settled();
    await tell({ customer, kind: 'uncrossed' });
    await tell({ customer, kind: 'crossed' });
    await settled();
    expect(await alertsOf(customer)).toMatchObject([{ status: 'active', crossing_number: 2, reopened_count: 1 }]);
  });

  it('keeps every change of an alert, with its value and time, and tells of it once', async () => {
    const customer = 'back-and-forth-and-back';
    const at = (day: number) => Date.parse(`2023-11-${day}`);
    await tell({ customer, kind: 'crossed', atMs: at(20) });
    await tell({ customer, kind: 'uncrossed', atMs: at(21) });
    await tell({ customer, kind: 'crossed', number: 2, atMs: at(22) });
    await tell({ customer, kind: 'uncrossed', number: 2, atMs: at(23) });
    await settled();
    const [alert] = await alertsOf(customer);
    expect(alert).toMatchObject({ status: 'resolved', reopened_count: 1, raised_at: '2023-11-20T00:00:00.000Z', resolved_at: '2023-11-23T00:00:00.000Z' });
    expect(await call(url(), 'GET', `/v1/alerts/${alert!['id'] as string}`)).toMatchObject({ status: 200, body: alert });
    const change = (name: string, number: number, day: number) => ({ change: name, at: `2023-11-${day}T00:00:00.000Z`, value: String(800_000 + number), limit: '1000000', crossing_number: number, by: null, note: null });
    expect((await call(url(), 'GET', `/v1/alerts/${alert!['id'] as string}/history`)).body).toEqual({
      data: [change('raised', 1, 20), change('resolved', 1, 21), change('reopened', 2, 22), change('resolved', 2, 23)],
    });
    const told = (text: string) => alerting.log().split('\n').filter((line) => line.includes(text) && line.includes(customer)).map((line) => (JSON.parse(line) as { level: number }).level);
    expect([told('alert raised'), told('alert reopened')]).toEqual([[40], [30]]);
    for (const path of ['/v1/alerts/none', `/v1/alerts/${QUOTA_ID}`, `/v1/alerts/${QUOTA_ID}/history`]) {
      expect(await call(url(), 'GET', path)).toMatchObject({ status: 404, body: { code: 'alert_not_found' } });
    }
  });

  it('raises one alert for an hour in which much was held back, however often and with whatever count it is told', async () => {
    const hour = Date.parse('2023-11-20T14:00:00Z');
    const grew = (eventId: string, heldEvents: number, hourMs = hour) => alerting.tellGrowth(heldEvents, hourMs, { eventId });
    await grew('quarantine/14', 104);
    await grew('quarantine/14', 104);
    await settled();
    await grew('quarantine/14', 104);
    await grew('quarantine/14 of another projection', 120);
    await grew('quarantine/odd', 120, hour + 1);
    await grew('quarantine/15', 100, hour + 3_600_000);
    await settled();
    const { data } = (await call(url(), 'GET', '/v1/alerts?kind=quarantine_growth')).body as { data: Record<string, unknown>[] };
    expect(data).toMatchObject([
      { hour_start: '2023-11-20T15:00:00.000Z', value: '100' },
      { kind: 'quarantine_growth', hour_start: '2023-11-20T14:00:00.000Z', customer_id: null, quota_id: null, metric: null, limit: '100', value: '104', status: 'active', raised_at: '2023-11-20T14:01:00.000Z' },
    ]);
    expect(data).toHaveLength(2);
    expect((await call(url(), 'GET', '/v1/alerts?kind=quota_threshold')).body).toMatchObject({ data: expect.not.arrayContaining([expect.objectContaining({ kind: 'quarantine_growth' })]) });
  });

  it('passes over garbage and goes on', async () => {
    await publish(Buffer.from('garbage'));
    await publish(
      toBinary(
        QuotaEventSchema,
        create(QuotaEventSchema, { eventId: 'x', event: { case: 'thresholdCrossed', value: { crossing: { quotaId: 'no uuid' } } } }),
      ),
    );
    await tell({ customer: 'after-garbage', kind: 'crossed' });
    await settled();
    expect(await alertsOf('after-garbage')).toHaveLength(1);
  });

  it('lists every alert once, newest first, page by page', async () => {
    const customer = 'many-alerts-';
    for (let version = 1; version <= 7; version++)
      await tell({ customer, kind: 'crossed', version, atMs: Date.parse('2023-11-20') + Math.floor(version / 2) });
    await settled();
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: { data: { id: string; limit_version: number }[]; next_cursor: string | null } = (
        await call(url(), 'GET', `/v1/alerts?customer_id=${customer}&limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`)
      ).body;
      seen.push(...page.data.map((alert) => alert.id));
      cursor = page.next_cursor;
    }
    expect((await linkedPages<{ id: string }>(url(), `/v1/alerts?customer_id=${customer}&limit=3`)).map(({ id }) => id)).toEqual(seen);
    expect(new Set(seen).size).toBe(7);
    expect(seen).toHaveLength(7);
    expect(await alertsOf(customer, '&status=resolved')).toEqual([]);
  });

  it('names the parameter of every bad request, and needs an admin key', async () => {
    for (const [query, field] of [
      ['status=open', 'status'],
      ['acknowledged=yes', 'acknowledged'],
      ['kind=loud', 'kind'],
      ['cursor=abc', 'cursor'],
      ['limit=0', 'limit'],
      ['quota_id=7', 'quota_id'],
      ['colour=red', 'colour'],
    ]) {
      expect(await call(url(), 'GET', `/v1/alerts?${query}`)).toMatchObject({ status: 422, body: { errors: [{ field }] } });
    }
    expect(await call(url(), 'GET', '/v1/alerts', undefined, alerting.accounts.producerKey)).toMatchObject({ status: 403 });
    expect(await call(url(), 'GET', '/v1/alerts', undefined, 'wrong')).toMatchObject({ status: 401 });
  });

  it('goes on in a second copy when the one that reads is killed', async () => {
    await alerting.startCopy();
    alerting.running[0]!.kill('SIGKILL');
    await tell({ customer: 'after-the-kill', kind: 'crossed' });
    await eventually(async () => expect(await alertsOf('after-the-kill')).toHaveLength(1), { timeoutMs: 10_000 });
  });
});

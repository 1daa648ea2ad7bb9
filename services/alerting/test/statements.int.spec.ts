import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { call } from '@ledgerline/testing';
import { type Alert, AlertingFixture } from './alerting-fixture.js';

let alerting: AlertingFixture;

beforeAll(async () => {
  alerting = await AlertingFixture.start();
});
afterAll(() => alerting?.end());

/** An alert of a customer that has just this one. */
async function raised(customer: string): Promise<Alert> {
  await alerting.tell({ customer, kind: 'crossed' });
  await alerting.settled();
  return (await alerting.alertsOf(customer))[0]!;
}

const say = (what: 'acknowledge' | 'resolve', id: string, body?: unknown, key?: string) => call(alerting.url, 'POST', `/v1/alerts/${id}/${what}`, body, key);
const show = async (id: string) => (await call(alerting.url, 'GET', `/v1/alerts/${id}`)).body as Alert;
const historyOf = async (id: string, key?: string) => ((await call(alerting.url, 'GET', `/v1/alerts/${id}/history`, undefined, key)).body as { data: Record<string, unknown>[] }).data;
const logOf = async (id: string) => (await alerting.sql.query('select action, actor, customer_id, before, after from alerting.published_admin_log where object_id = $1 order by at, id', [id])).rows as Record<string, unknown>[];

async function keyOf(customer: string, scopes: string[]): Promise<string> {
  const { body } = await call(alerting.accounts.service.url, 'POST', '/v1/keys', { name: 'theirs', scopes, customer_id: customer });
  return (body as { key: string }).key;
}

describe('an alert that people speak of', () => {
  it('is seen from the first time that somebody marks it, and says who that was', async () => {
    const { id } = await raised('seen');
    const first = await say('acknowledge', id, { note: 'Called them.' });
    expect(first).toMatchObject({ status: 200, body: { id, status: 'active', acknowledged_at: expect.any(String), acknowledged_by: expect.any(String), acknowledged_note: 'Called them.', resolved_at: null } });
    expect(await say('acknowledge', id, { note: 'Called again.' })).toEqual(first);
    expect(await show(id)).toEqual(first.body);
  });

  it('is resolved by hand, which ends the warning, and by whom; also without a body', async () => {
    const { id } = await raised('resolved');
    const first = await say('resolve', id);
    expect(first).toMatchObject({ status: 200, body: { status: 'resolved', resolved_at: expect.any(String), resolved_by: expect.any(String), resolved_note: null, acknowledged_at: null } });
    expect(await say('resolve', id, { note: 'again' })).toEqual(first);
    expect(await historyOf(id)).toHaveLength(2);
  });

  it('that fell back by itself is not resolved a second time by hand', async () => {
    const { id } = await raised('fell-back');
    await alerting.tell({ customer: 'fell-back', kind: 'uncrossed', atMs: Date.parse('2023-11-21') });
    await alerting.settled();
    expect(await say('resolve', id, { note: 'x' })).toMatchObject({ status: 200, body: { status: 'resolved', resolved_at: '2023-11-21T00:00:00.000Z', resolved_by: null, resolved_note: null } });
    expect(await logOf(id)).toEqual([]);
  });

  it('is active and not seen again when the threshold is crossed anew, and keeps in its history what was said', async () => {
    const { id } = await raised('anew');
    await say('acknowledge', id);
    await say('resolve', id, { note: 'paid' });
    await alerting.tell({ customer: 'anew', kind: 'uncrossed', atMs: Date.now() });
    await alerting.settled();
    expect(await show(id)).toMatchObject({ status: 'resolved', resolved_note: 'paid', acknowledged_at: expect.any(String) });
    await alerting.tell({ customer: 'anew', kind: 'crossed', number: 2, atMs: Date.now() });
    await alerting.settled();
    expect(await show(id)).toMatchObject({ status: 'active', reopened_count: 1, acknowledged_at: null, acknowledged_by: null, resolved_at: null, resolved_by: null, resolved_note: null });
    expect(await historyOf(id)).toMatchObject([
      { change: 'raised', value: '800001', by: null },
      { change: 'acknowledged', value: '800001', limit: '1000000', crossing_number: 1, by: expect.any(String), note: null },
      { change: 'resolved', value: '800001', by: expect.any(String), note: 'paid' },
      { change: 'resolved', by: null },
      { change: 'reopened', value: '800002', crossing_number: 2, by: null },
    ]);
  });

  it('about held events is ended by hand, as nothing else ends it', async () => {
    await alerting.tellGrowth(104, Date.parse('2023-11-20T14:00:00Z'));
    await alerting.settled();
    const [{ id }] = (await alerting.list('kind=quarantine_growth')) as [Alert];
    expect(await say('resolve', id, { note: 'a client of ours' })).toMatchObject({ status: 200, body: { status: 'resolved', resolved_note: 'a client of ours' } });
    expect(await historyOf(id)).toMatchObject([{ change: 'raised', value: '104' }, { change: 'resolved', value: '104', note: 'a client of ours' }]);
  });

  it('is in the list that it belongs to, and in no other', async () => {
    const ids = await Promise.all(['list-1', 'list-2', 'list-3', 'list-4'].map(async (customer) => (await raised(customer)).id));
    await say('acknowledge', ids[1]!);
    await say('resolve', ids[2]!);
    await alerting.tell({ customer: 'list-4', kind: 'uncrossed' });
    await alerting.settled();
    const listed = async (query: string) => (await alerting.list(query)).map(({ id }) => ids.indexOf(id)).filter((n) => n >= 0).sort();
    expect(await listed('status=active')).toEqual([0, 1]);
    expect(await listed('status=resolved')).toEqual([2, 3]);
    expect(await listed('acknowledged=true')).toEqual([1]);
    expect(await listed('acknowledged=false')).toEqual([0, 2, 3]);
    expect(await listed('acknowledged=false&status=active')).toEqual([0]);
    // A list shows each as it would have to be to be found there.
    for (const status of ['active', 'resolved']) for (const alert of await alerting.list(`status=${status}`)) expect(alert['status']).toBe(status);
  });

  it('has who said what in the log of administrative changes, once', async () => {
    const { id } = await raised('logged');
    await say('acknowledge', id, { note: 'looking' });
    await say('acknowledge', id);
    await say('resolve', id);
    const by = (await show(id))['acknowledged_by'];
    const entry = (action: string, note: string | null) => ({ action, actor: by, customer_id: 'logged', before: null, after: { crossing_number: 1, note } });
    expect(await logOf(id)).toEqual([entry('alert.acknowledged', 'looking'), entry('alert.resolved', null)]);
  });

  it('is for administrators of the operator to speak of; customers see that it was seen, not by whom or what was noted', async () => {
    const { id } = await raised('theirs');
    const theirs = await keyOf('theirs', ['read', 'admin']);
    const another = await keyOf('another', ['read', 'admin']);
    for (const key of [theirs, another, alerting.accounts.producerKey]) expect(await say('resolve', id, {}, key)).toMatchObject({ status: 403 });
    await say('acknowledge', id, { note: 'they never pay' });
    const seen = await call(alerting.url, 'GET', `/v1/alerts/${id}`, undefined, theirs);
    expect(seen).toMatchObject({ status: 200, body: { acknowledged_at: expect.any(String), acknowledged_by: null, acknowledged_note: null } });
    expect(await historyOf(id, theirs)).toMatchObject([{ change: 'raised' }, { change: 'acknowledged', by: null, note: null }]);
  });

  it('names what is wrong with a request', async () => {
    const { id } = await raised('wrong');
    for (const [body, field] of [[{ note: '' }, 'note'], [{ note: 'a\0b' }, 'note'], [{ note: 'x'.repeat(1001) }, 'note'], [{ why: 'x' }, 'why'], [[], 'body']] as const) {
      expect(await say('acknowledge', id, body)).toMatchObject({ status: 422, body: { errors: [{ field }] } });
    }
    for (const none of ['none', '00000000-0000-4000-8000-000000000000']) expect(await say('resolve', none)).toMatchObject({ status: 404, body: { code: 'alert_not_found' } });
  });

  it('stands as before when all alerts are built anew from the log', async () => {
    const { id } = await raised('rebuilt');
    await say('acknowledge', id, { note: 'kept' });
    const [before, histories] = [await alerting.list('limit=1000'), await historyOf(id)];
    expect(await alerting.rebuild()).toContain('agreed');
    expect(await alerting.list('limit=1000')).toEqual(before);
    await alerting.sql.query('delete from alerting.alerts where id = $1', [id]);
    expect(await alerting.rebuild()).toContain('repaired');
    expect(await alerting.list('limit=1000')).toEqual(before);
    expect(await historyOf(id)).toEqual(histories);
    expect(before.filter((alert) => alert['resolved_by'] !== null || alert['acknowledged_by'] !== null).length).toBeGreaterThan(3);
  });
});

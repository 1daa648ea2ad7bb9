import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import { DeltaKind, Outcome, pricedSubject, type PricedRun, usageSubject } from '@ledgerline/contracts';
import { connectNats, ensureStreams, type NatsConnection, publishEnvelope } from '@ledgerline/messaging';
import { createPool } from '@ledgerline/postgres';
import {
  CorrectedEvent,
  type CorrectionSpec,
  correctionRunOf,
  type DeltaSpec,
  type EventSpec,
  freshClickhouse,
  type FreshClickhouse,
  freshDatabase,
  type FreshDatabase,
  freshNats,
  type FreshNats,
  pricedBytes,
  RECORDED_AT_US,
  runOf,
  type RunningService,
  startService,
} from '@ledgerline/testing';

const KEY = 'admin-key-of-the-corrections-spec';
const HOUR_US = 3_600_000_000;

let nats: FreshNats;
let database: FreshDatabase;
let clickHouse: FreshClickhouse;
let nc: NatsConnection;
const services: RunningService[] = [];
let api: string;

type Body = Record<string, unknown> & { data: Record<string, unknown>[] };
async function get(path: string): Promise<{ status: number; body: Body }> {
  const answer = await fetch(`${api}${path}`, { headers: { authorization: `Bearer ${KEY}`, connection: 'close' } });
  return { status: answer.status, body: (await answer.json()) as Body };
}

let sequence = 0;
/** Publishes messages and what pricing would make of them. */
async function record(make: (next: () => number) => PricedRun[]): Promise<void> {
  const runs = make(() => ++sequence);
  for (const run of runs) await publishEnvelope(jetstream(nc), usageSubject(1, 0), run.usage, { timeoutMs: 5_000 });
  await publishEnvelope(jetstream(nc), pricedSubject(1, 0), pricedBytes(0, runs), { timeoutMs: 5_000 });
}

beforeAll(async () => {
  [nats, database, clickHouse] = await Promise.all([freshNats(), freshDatabase(), freshClickhouse()]);
  nc = await connectNats(nats.url, 'corrections-spec');
  await ensureStreams(nc, { generation: 1, partitions: 1, maxBytes: 64 * 1024 ** 2, kinds: ['USAGE', 'PRICED', 'QUOTA'] });
  const environment = {
    NATS_URL: nats.url, DATABASE_URL: database.url, CLICKHOUSE_URL: clickHouse.url, PARTITIONS: '1', AGGREGATION_SHARDS: '1', STREAM_MAX_BYTES: String(64 * 1024 ** 2), ADMIN_KEY: KEY,
  };
  services.push(await startService('accounts', environment), await startService('aggregation', environment), await startService('read-api', environment));
  api = services[2]!.url;
}, 90_000);

afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()));
  await nc?.close();
  await Promise.all([nats?.stop(), database?.drop(), clickHouse?.drop()]);
});

const EVENT = { id: 'evt', customer: 'one', occurredAtUs: RECORDED_AT_US - 1_000_000, usage: { input_tokens: 1_000, seconds: '1.5' }, costPico: 2_000_000_000_000n } satisfies EventSpec;

/** Records events, then the corrections that `correct` makes of them. */
async function corrected(events: EventSpec[], correct: (events: CorrectedEvent[]) => { corrections: CorrectionSpec[]; deltas: DeltaSpec[] }): Promise<string[]> {
  const recorded = runOf(0, ++sequence, events);
  const { corrections, deltas } = correct(recorded.usageIds.map((usageId, i) => new CorrectedEvent(usageId, events[i]!)));
  await record((next) => [recorded, correctionRunOf(0, next(), corrections, deltas)]);
  return recorded.usageIds;
}

describe('a corrected event', () => {
  it('is shown as it is now, right after its correction was acknowledged', async () => {
    const [usageId] = await corrected([EVENT], ([event]) => ({
      corrections: [{ usageId: event!.usageId, id: 'fix', customer: 'one' }],
      deltas: event!.becomes(DeltaKind.adjusted, 'fix', { usage: { input_tokens: 10 }, status: 'error', outcome: Outcome.unpriced }),
    }));
    expect(await get(`/v1/events/${usageId}`)).toMatchObject({ status: 200, body: { usage_id: usageId, customer_id: 'one', state: 'unpriced', version: 1, corrected: true, usage: { input_tokens: 10 }, cost_usd: null, status: 'error' } });
  });

  it('is voided with nothing used and the event that stands in its place; that one names it', async () => {
    const [standing] = await corrected([{ ...EVENT, customer: 'two' }], ([event]) => ({ corrections: [{ usageId: event!.usageId, outcome: Outcome.refused, because: { code: 'unchanged', detail: 'It is so already.' } }], deltas: [] }));
    const [usageId] = await corrected([EVENT], ([event]) => ({
      corrections: [{ usageId: event!.usageId, id: 'moved', kind: 'void', customer: 'one', replacedBy: standing }],
      deltas: event!.voided('moved'),
    }));
    expect((await get(`/v1/events/${usageId}`)).body).toMatchObject({ state: 'voided', version: 1, corrected: true, usage: {}, cost_usd: '0', replaced_by: standing });
    expect((await get(`/v1/events/${standing}/history`)).body).toMatchObject({ replaces: [usageId] });
    expect((await get(`/v1/events/${standing}`)).body).not.toHaveProperty('corrected');
  });

  it('has a history from its recording to the last correction, with positions, also of what was refused', async () => {
    const [usageId] = await corrected([EVENT], ([event]) => ({
      corrections: [
        { usageId: event!.usageId, id: 'fix', customer: 'one', usage: { input_tokens: 500 }, costUsd: '1', requestedBy: 'key-7', reason: 'misread' },
        { usageId: event!.usageId, id: 'fix', customer: 'one', outcome: Outcome.duplicate },
        { usageId: event!.usageId, id: 'back', kind: 'refund', customer: 'one', costUsd: '0.25' },
        { usageId: event!.usageId, id: 'more', kind: 'refund', customer: 'one', costUsd: '9', outcome: Outcome.refused, because: { code: 'more_than_cost', detail: 'It costs 0.25.' } },
      ],
      deltas: [
        ...event!.becomes(DeltaKind.adjusted, 'fix', { usage: { input_tokens: 500 }, costPico: 1_000_000_000_000n }),
        ...event!.becomes(DeltaKind.refunded, 'back', { costPico: 250_000_000_000n }),
      ],
    }));
    const { status, body } = await get(`/v1/events/${usageId}/history`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ usage_id: usageId, freshness: { lag_events: expect.any(Number) } });
    expect(body.data).toMatchObject([
      { kind: 'recorded', version: 0, requested_by: 'key-1', state: 'priced', usage: { input_tokens: 1_000, seconds: '1.5' }, cost_usd: '2', position: { generation: 1, partition: 0, sequence: sequence - 1, index: 0 } },
      { kind: 'adjust', correction_id: 'fix', outcome: 'applied', version: 1, requested_by: 'key-7', reason: 'misread', requested_at: expect.stringMatching(/^2026-11-22T.*Z$/), target: { usage: { input_tokens: 500 }, cost_usd: '1' }, usage: { input_tokens: 500 }, cost_usd: '1', cost_change_usd: '-1', position: { generation: 1, partition: 0, sequence, index: 0 } },
      { kind: 'refund', correction_id: 'back', outcome: 'applied', version: 2, cost_usd: '0.25', cost_change_usd: '-0.75' },
      { kind: 'refund', correction_id: 'more', outcome: 'refused', because: { code: 'more_than_cost', detail: 'It costs 0.25.' }, position: { sequence, index: 3 } },
    ]);
    expect(body.data).toHaveLength(4);
  });

  it("is not found among another customer's events, and neither is its history", async () => {
    const [usageId] = await corrected([EVENT], ([event]) => ({ corrections: [{ usageId: event!.usageId, customer: 'stranger', outcome: Outcome.refused, because: { code: 'not_found', detail: '' } }], deltas: [] }));
    for (const path of [`/v1/events/${usageId}`, `/v1/events/${usageId}/history`]) {
      expect((await get(`${path}?customer_id=one`)).status).toBe(200);
      expect(await get(`${path}?customer_id=stranger`)).toMatchObject({ status: 404, body: { code: 'unknown_event' } });
    }
  });

  it('that is quarantined is not shown as the event that it names', async () => {
    const usageId = '00000000-0000-4000-8000-000000000001';
    await record((next) => [correctionRunOf(0, next(), [{ usageId, outcome: Outcome.quarantined, because: { code: 'invalid', detail: '' } }])]);
    expect((await get(`/v1/events/${usageId}`)).status).toBe(404);
  });

  it('of which nothing is left but its money is a credit', async () => {
    const usageId = '00000000-0000-4000-8000-000000000002';
    const credit: DeltaSpec = { usageId, event: { customer: 'credited', usage: {}, costPico: -5_000_000_000_000n, occurredAtUs: RECORDED_AT_US }, kind: DeltaKind.credited, retracts: false, version: 0, correctionId: 'k-1' };
    await record((next) => [correctionRunOf(0, next(), [{ usageId, id: 'k-1', kind: 'credit', customer: 'credited', costUsd: '5', occurredAtUs: RECORDED_AT_US }], [credit])]);
    expect((await get(`/v1/events/${usageId}`)).body).toMatchObject({ state: 'credited', customer_id: 'credited', cost_usd: '-5', usage: {} });
    expect((await get(`/v1/events/${usageId}/history`)).body.data).toMatchObject([{ kind: 'credit', outcome: 'applied', target: { amount_usd: '5' }, cost_change_usd: '-5' }]);
    expect((await get('/v1/events?customer_id=credited')).body.data).toEqual([]);
    expect((await get('/v1/summaries?group_by=customer')).body.data.find(({ customer_id }) => customer_id === 'credited')).toMatchObject({ event_count: 0, cost_usd: '-5', unpriced_events: 0 });
  });
});

/** The n-th event of a customer as it was recorded, and as it should have been; null: it should not be there. */
const wrong = (n: number): EventSpec => ({
  id: `e-${n}`, model: `m-${n % 3}`, occurredAtUs: RECORDED_AT_US - n * HOUR_US, usage: { input_tokens: 9_007_199_254_740_000 + n, seconds: `${n}.000000001` }, outcome: n % 5 === 4 ? Outcome.unpriced : Outcome.priced, costPico: 10n ** 20n + BigInt(n),
});
const right = (n: number): EventSpec | null => {
  if (n % 6 === 1 || n % 3 === 2) return null;
  if (n % 6 === 3) return { ...wrong(n), usage: { output_tokens: n }, outcome: Outcome.priced, costPico: BigInt(n), status: 'error' };
  return n % 6 === 4 ? { ...wrong(n), outcome: Outcome.unpriced } : wrong(n);
};
const COUNT = 60;
const numbers = Array.from({ length: COUNT }, (_, n) => n);

describe('lists and sums after corrections', () => {
  let ids: string[];

  beforeAll(async () => {
    ids = await corrected(numbers.map((n) => ({ ...wrong(n), customer: 'corrected' })), (events) => {
      const deltas = events.flatMap((event, n) => {
        const target = right(n);
        if (target === null) return event.voided(`c-${n}`);
        // Some take two corrections, of which the first is wrong as well.
        const first = n % 12 === 3 ? event.becomes(DeltaKind.adjusted, `b-${n}`, { usage: { pages: 1 }, costPico: 77n }) : [];
        return n % 6 === 3 || n % 6 === 4 ? [...first, ...event.becomes(DeltaKind.adjusted, `c-${n}`, target)] : [];
      });
      const corrections = [...new Set(deltas.map(({ correctionId }) => correctionId))].map((id) => ({ id, usageId: deltas.find(({ correctionId }) => correctionId === id)!.usageId, customer: 'corrected' }));
      return { corrections, deltas: deltas.map((delta) => ({ ...delta, event: { ...delta.event, customer: 'corrected' } })) };
    });
    const kept = numbers.flatMap((n) => right(n) ?? []).map((event) => ({ ...event, customer: 'right' }));
    await record((next) => [runOf(0, next(), kept)]);
    expect((await get('/v1/summaries?customer_id=right&consistency=strong')).body.data).toMatchObject([{ event_count: kept.length }]);
  }, 30_000);

  it.each(['', 'group_by=model', 'group_by=provider,model,hour', 'group_by=day', 'group_by=month&model=m-0', 'group_by=hour&model=m-2', 'from=2026-11-21T00:00:00.000001Z&group_by=model'])(
    'sums (%s) are exactly what they would be had the events been right',
    async (query) => {
      const [had, is] = await Promise.all(['right', 'corrected'].map(async (customer) => (await get(`/v1/summaries?customer_id=${customer}&${query}`)).body.data));
      expect(is).toEqual(had);
    },
  );

  const page = async (query: string) => (await get(`/v1/events?customer_id=corrected&${query}`)).body;
  const listed = async (query: string) => {
    const all: Record<string, unknown>[] = [];
    let cursor = '';
    do {
      const { data, next_cursor: next } = await page(`limit=7&${query}${cursor && `&cursor=${cursor}`}`);
      all.push(...data);
      cursor = (next as string | null) ?? '';
    } while (cursor !== '');
    return all;
  };

  it('lists hold each event once, across pages, as it is now, and leave out the voided ones', async () => {
    const events = await listed('');
    expect(events.map(({ usage_id }) => usage_id)).toEqual(numbers.filter((n) => right(n) !== null).map((n) => ids[n]));
    const byId = new Map(events.map((event) => [event['id'], event]));
    expect(byId.get('e-3')).toMatchObject({ version: 2, corrected: true, usage: { output_tokens: 3 }, cost_usd: '0.000000000003', status: 'error', state: 'priced' });
    expect(byId.get('e-4')).toMatchObject({ version: 1, state: 'unpriced', cost_usd: null });
    expect(byId.get('e-0')).toMatchObject({ version: 0, state: 'priced' });
  });

  it('filters act on what an event is now', async () => {
    const failed = numbers.filter((n) => right(n)?.status === 'error');
    expect((await listed('status=error')).map(({ id }) => id)).toEqual(failed.map((n) => `e-${n}`));
    expect((await listed('status=ok')).length).toBe(numbers.filter((n) => right(n) !== null).length - failed.length);
    expect(await listed('model=m-2')).toEqual([]);
  });

  it('voided events are listed when they are asked for', async () => {
    const events = await listed('include_voided=true');
    expect(events.map(({ id }) => id)).toEqual(numbers.map((n) => `e-${n}`));
    expect(events.filter(({ state }) => state === 'voided').map(({ id, usage, cost_usd }) => ({ id, usage, cost_usd }))).toEqual(numbers.filter((n) => right(n) === null).map((n) => ({ id: `e-${n}`, usage: {}, cost_usd: '0' })));
  });

  it('what was taken back is looked for only in parts that hold such rows', async () => {
    const { eventsSQL } = await import('./application/event-query.js');
    await clickHouse.query('SYSTEM STOP MERGES usage_events');
    await record((next) => [runOf(0, next(), [{ customer: 'never corrected' }])]);
    expect((await get('/v1/summaries?customer_id=never%20corrected&consistency=strong')).body.data).toMatchObject([{ event_count: 1 }]);
    const sql = eventsSQL({ limit: 10 }).sql.replace('{limit:UInt32}', '10');
    const explained = await clickHouse.query(`EXPLAIN indexes = 1 ${/\((SELECT usage_id, version[^)]*)\)/.exec(sql)![1]}`);
    const [, left, all] = /Name: retracting[\s\S]*?Parts: (\d+)\/(\d+)/.exec(explained)!;
    expect(Number(left)).toBeLessThan(Number(all));
  });
});

describe('an event past retention', () => {
  const gone = '00000000-0000-4000-8000-00000000000a';

  it('is 404 that says since when events are kept, and 410 for who knows that it is older; both name the credit', async () => {
    expect(await get(`/v1/events/${gone}?occurred_at=2026-01-01`)).toMatchObject({ status: 404, body: { code: 'unknown_event', detail: `No event ${gone} was recorded.` } });
    const pool = createPool(database.url, { applicationName: 'corrections-spec', max: 1 });
    await pool.query("insert into aggregation.retention (kept_from) values ('2026-08-01T00:00:00Z')");
    await pool.end();
    for (const path of [`/v1/events/${gone}`, `/v1/events/${gone}/history`]) {
      expect(await get(path)).toMatchObject({ status: 404, body: { code: 'unknown_event', detail: expect.stringMatching(/2026-08-01.*POST \/v1\/credits/) } });
      expect((await get(`${path}?recorded_at=2026-08-01`)).status).toBe(404);
      for (const said of ['recorded_at=2026-07-31T23:59:59.999999Z', 'occurred_at=2026-01-15']) {
        expect(await get(`${path}?${said}`)).toMatchObject({ status: 410, body: { code: 'past_retention', detail: expect.stringContaining('POST /v1/credits') } });
      }
    }
  });

  it('is not what was held back and given up', async () => {
    const usageId = '00000000-0000-4000-8000-00000000000c';
    await record((next) => [correctionRunOf(0, next(), [{ usageId, id: 'gone', kind: 'discard', heldSequence: 1 }])]);
    expect(await get(`/v1/events/${usageId}`)).toMatchObject({ status: 404, body: { code: 'unknown_event' } });
  });

  it('that had been corrected is 410 without a hint, and its corrections are still told', async () => {
    const usageId = '00000000-0000-4000-8000-00000000000b';
    await record((next) => [correctionRunOf(0, next(), [{ usageId, id: 'old', reason: 'kept for ever' }])]);
    expect(await get(`/v1/events/${usageId}`)).toMatchObject({ status: 410, body: { code: 'past_retention' } });
    expect((await get(`/v1/events/${usageId}/history`)).body.data).toMatchObject([{ correction_id: 'old', outcome: 'applied', reason: 'kept for ever' }]);
  });
});

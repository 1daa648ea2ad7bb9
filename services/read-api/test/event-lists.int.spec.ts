import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseUsd } from '@ledgerline/kernel';
import fc from 'fast-check';
import { type ListedEvent, ListsRig } from './lists-rig.js';

const COUNT = 240;
const rig = new ListsRig();

beforeAll(async () => {
  await rig.start();
  await rig.fill('acme', COUNT);
  await rig.fill('other', COUNT);
}, 90_000);
afterAll(() => rig.stop());

const kept = ({ state }: ListedEvent): boolean => state !== 'voided';
const costs = (event: ListedEvent, from: string, to: string): boolean => event.costUsd !== null && parseUsd(event.costUsd) >= parseUsd(from) && parseUsd(event.costUsd) <= parseUsd(to);

/** What a filter says, as a query and as a sentence about events. */
const FILTERS: [query: string, of: (event: ListedEvent) => boolean][] = [
  ['', kept],
  ['project_id=search', (event) => kept(event) && event.spec.project === 'search'],
  ['user_id=u-1&user_id=u-2', (event) => kept(event) && ['u-1', 'u-2'].includes(event.spec.user!)],
  ['provider=openai', (event) => kept(event) && event.spec.provider === 'openai'],
  ['provider=anthropic&provider=a%2Cb', (event) => kept(event) && event.spec.provider !== 'openai'],
  ['model=m-1&model=m-2&model=nothing', (event) => kept(event) && ['m-1', 'm-2'].includes(event.spec.model!)],
  ['operation=chat', (event) => kept(event) && event.spec.operation === 'chat'],
  ['endpoint=%2Fv1%2Fchat', (event) => kept(event) && event.spec.endpoint === '/v1/chat'],
  ['context=system', (event) => kept(event) && event.spec.context === 'system'],
  ['context=system,customer', kept],
  ['transaction_id=tx-9&transaction_id=tx-18', (event) => kept(event) && ['tx-9', 'tx-18'].includes(event.spec.transactionId!)],
  ['service_tier=flex', (event) => kept(event) && event.spec.serviceTier === 'flex'],
  ['status=error', (event) => kept(event) && event.spec.status === 'error'],
  ['status=error,ok', kept],
  ['error_code=rate_limited', (event) => kept(event) && event.spec.errorCode === 'rate_limited'],
  ['api_key_id=key-1', (event) => kept(event) && event.spec.apiKey === 'key-1'],
  ['state=priced', ({ state }) => state === 'priced'],
  ['state=unpriced', ({ state }) => state === 'unpriced'],
  ['state=voided', ({ state }) => state === 'voided'],
  ['state=voided,unpriced', ({ state }) => state !== 'priced'],
  ['include_voided=true', () => true],
  ['include_voided=true&cost_to=0', (event) => costs(event, '-1', '0')],
  ['cost_from=0.000000000005&cost_to=100000000', (event) => kept(event) && costs(event, '0.000000000005', '100000000')],
  ['cost_from=100000000.000000000001', (event) => kept(event) && costs(event, '100000000.000000000001', '9000000000')],
  ['tag.team=t1', (event) => kept(event) && event.spec.tags!['team'] === 't1'],
  ['tag.team=t1&tag.team=t2&tag.a.b=', (event) => kept(event) && ['t1', 't2'].includes(event.spec.tags!['team']!)],
  ['tag.team=', () => false],
  ['tag.nobody=', () => false],
  ['from=2026-11-21T20:00:00Z&to=2026-11-22T06:00:00Z', (event) => kept(event) && event.spec.occurredAtUs! >= Date.UTC(2026, 10, 21, 20) * 1000 && event.spec.occurredAtUs! < Date.UTC(2026, 10, 22, 6) * 1000],
];
const expectedIds = (of: (event: ListedEvent) => boolean, customer?: string) => rig.events.filter((event) => of(event) && (customer === undefined || event.spec.customer === customer)).map(({ usageId }) => usageId).sort();
const idsOf = (events: Record<string, unknown>[]) => events.map((event) => event['usage_id'] as string);

describe('GET /v1/events', () => {
  it.each(FILTERS)('with %p lists exactly the events that are so at present', async (query, of) => {
    expect(idsOf(await rig.pages(`/v1/events?limit=1000&${query}`)).sort()).toEqual(expectedIds(of));
    expect(idsOf(await rig.pages(`/v1/events?limit=1000&customer_id=acme&${query}`)).sort()).toEqual(expectedIds(of, 'acme'));
  });

  it('shows each event as it is at present', async () => {
    const shown = new Map((await rig.pages('/v1/events?limit=1000&include_voided=true')).map((event) => [event['usage_id'], event]));
    for (const { usageId, state, costUsd, corrected } of rig.events) expect(shown.get(usageId)).toMatchObject({ state, cost_usd: costUsd, ...(corrected ? { corrected } : {}) });
  });

  const KEYS: Record<string, (event: Record<string, unknown>) => bigint | null> = {
    occurred_at: (event) => BigInt(Date.parse(String(event['occurred_at']))) * 1000n + BigInt(String(event['occurred_at']).slice(23, 26)),
    recorded_at: (event) => BigInt(Date.parse(String(event['recorded_at']))) * 1000n + BigInt(String(event['recorded_at']).slice(23, 26)),
    cost_usd: (event) => (event['cost_usd'] === null ? null : parseUsd(event['cost_usd'] as string)),
    latency_ms: (event) => (event['latency_ms'] === undefined ? null : BigInt(event['latency_ms'] as number)),
  };

  it.each(Object.entries(KEYS))('sorted by %s has the unknown last, in both directions, and the one is the other turned round', async (field, keyOf) => {
    const [up, down] = await Promise.all([rig.pages(`/v1/events?limit=1000&include_voided=true&sort=${field}`), rig.pages(`/v1/events?limit=1000&include_voided=true&sort=-${field}`)]);
    for (const [list, sign] of [[up, 1n], [down, -1n]] as const) {
      const keys = list.map(keyOf);
      const known = keys.filter((key) => key !== null);
      expect(keys.slice(known.length).every((key) => key === null)).toBe(true);
      expect(known.every((key, i) => i === 0 || (key - known[i - 1]!) * sign >= 0n)).toBe(true);
    }
    const known = (list: Record<string, unknown>[]) => idsOf(list.filter((event) => keyOf(event) !== null));
    const unknown = (list: Record<string, unknown>[]) => idsOf(list.filter((event) => keyOf(event) === null));
    expect(known(down)).toEqual(known(up).reverse());
    expect(unknown(down)).toEqual(unknown(up).reverse());
  });

  it('in pages of any size, in any order and under any filter, is the same as in one page, each event once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...FILTERS), fc.constantFrom(...Object.keys(KEYS)), fc.constantFrom('', '-'), fc.integer({ min: 20, max: 90 }), fc.constantFrom('', '&customer_id=acme'), async ([filter], field, minus, limit, of) => {
        const query = `/v1/events?sort=${minus}${field}&${filter}${of}`;
        const whole = idsOf((await rig.json(`${query}&limit=1000`)).data);
        expect(new Set(whole).size).toBe(whole.length);
        expect(idsOf(await rig.pages(`${query}&limit=${limit}`))).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  it('refuses a cursor of another order or other filters', async () => {
    const { next_cursor: cursor } = await rig.json('/v1/events?limit=2&sort=cost_usd&model=m-1');
    expect((await rig.json(`/v1/events?limit=9&sort=cost_usd&model=m-1&cursor=${cursor}`)).status).toBe(200);
    for (const query of ['sort=-cost_usd&model=m-1', 'model=m-1', 'sort=cost_usd', 'sort=cost_usd&model=m-2', 'sort=cost_usd&model=m-1&customer_id=acme']) {
      expect(await rig.json(`/v1/events?${query}&cursor=${cursor}`)).toMatchObject({ status: 400, code: 'invalid_parameter', errors: [{ field: 'cursor' }] });
    }
  });

  it('takes hostile values as values', async () => {
    const hostile = encodeURIComponent("x') OR 1=1 --\\ \n{limit:UInt32}");
    for (const field of ['provider', 'user_id', `tag.${hostile}`, 'tag.team']) expect(await rig.json(`/v1/events?${field}=${hostile}&${field}=2`)).toMatchObject({ status: 200, data: [] });
  });
});

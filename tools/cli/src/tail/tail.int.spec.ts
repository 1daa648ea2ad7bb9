import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { eventually } from '@ledgerline/testing';
import { type Ended, Services } from '../../test/services.js';

const services = new Services();

beforeAll(() => services.start(2), 60_000);
afterAll(() => services.stop(), 60_000);

const event = (id: string, more: object = {}): object => ({ id, customer_id: 'acme', provider: 'openai', model: 'gpt-4', usage: { input_tokens: 1000 }, ...more });

interface Line {
  id: string;
  customer_id: string;
  outcome: string;
  partition: number;
  cost_usd: string | null;
}

/** `tail` in the background, once it follows. */
async function follow(...args: string[]): Promise<{ lines: () => Line[]; stop: () => void; ended: Promise<Ended> }> {
  const printed: string[] = [];
  const said: string[] = [];
  let stop = (): void => undefined;
  const ended = services.cli(['tail', '--json', ...args], {}, {
    print: (text) => void printed.push(text), complain: (text) => void said.push(text), onInterrupt: (interrupt) => (stop = interrupt), offInterrupt: () => undefined,
  });
  await eventually(() => expect(said.join()).toContain('Ctrl-C ends it'));
  return { lines: () => printed.map((text) => JSON.parse(text) as Line), stop: () => stop(), ended };
}

describe('tail', () => {
  it('shows what comes in while it runs, of every partition, and ends with 0 on Ctrl-C', async () => {
    await services.send([event('before')]);
    await eventually(async () => expect(JSON.parse((await services.cli(['audit', '--json'])).output)).toMatchObject({ events: '1' }), { timeoutMs: 20_000 });
    const running = await follow();
    const ids = [...Array(30).keys()].map((n) => `e${n}`);
    await services.send([...ids.map((id) => event(id)), event('e0'), event('strange', { model: 'unheard-of', customer_id: 'zeta' })]);
    await eventually(() => expect(running.lines()).toHaveLength(32), { timeoutMs: 20_000 });
    running.stop();
    expect((await running.ended).code).toBe(0);
    const lines = running.lines();
    expect(new Set(lines.map(({ id }) => id))).toEqual(new Set([...ids, 'strange']));
    expect(new Set(lines.map(({ partition }) => partition))).toEqual(new Set([0, 1]));
    expect(lines.filter(({ id }) => id === 'e0').map(({ outcome, cost_usd }) => [outcome, cost_usd])).toEqual([['priced', '0.03'], ['duplicate', null]]);
  }, 60_000);

  it('begins at a time that has passed, shows what its filters name, and ends at its limit', async () => {
    const all = await services.cli(['tail', '--since', '1h', '--json', '--limit', '33']);
    expect([all.code, all.output.trim().split('\n').length]).toEqual([0, 33]);
    expect(JSON.parse((await services.cli(['tail', '--since', '1h', '--json', '--customer', 'zeta', '--limit', '1'])).output)).toMatchObject({ id: 'strange', outcome: 'unpriced' });
    expect(JSON.parse((await services.cli(['tail', '--since', '1h', '--json', '--outcome', 'duplicate,late', '--limit', '1'])).output)).toMatchObject({ id: 'e0', outcome: 'duplicate' });
    const [one] = (await services.cli(['tail', '--since', '1h', '--partition', '1', '--limit', '1'])).output.split('\n');
    expect(one).toMatch(/^\S+Z {2}1:\d+\.\d+ +acme {2}openai\/gpt-4 {2}input_tokens 1000 {2}\$0\.03 {2}priced$/);
  }, 60_000);

  it('leaves no consumer behind in the broker', async () => {
    const count = async (): Promise<number> => {
      const nats = await connect({ servers: services.env.NATS_URL! });
      const jsm = await jetstreamManager(nats);
      const infos = await Promise.all([0, 1].map((partition) => jsm.streams.info(`PRICED_g1_p${partition}`)));
      await nats.close();
      return infos.reduce((sum, { state }) => sum + state.consumer_count, 0);
    };
    const before = await count();
    const running = await follow();
    expect(await count()).toBe(before + 2);
    running.stop();
    await running.ended;
    expect(await count()).toBe(before);
  });

  it('ends with 2 when it is used wrongly or the broker is away', async () => {
    expect(await services.cli(['tail', '--partition', '2'])).toMatchObject({ code: 2 });
    expect(await services.cli(['tail', '--outcome', 'lost'])).toMatchObject({ code: 2 });
  });
});

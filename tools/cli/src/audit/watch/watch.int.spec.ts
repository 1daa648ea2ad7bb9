import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@ledgerline/testing';
import { type Ended, Services } from '../../../test/services.js';

const services = new Services();

beforeAll(() => services.start(1), 60_000);
afterAll(() => services.stop(), 60_000);

const event = (n: number): object => ({ id: `e${n}`, customer_id: 'acme', provider: 'openai', model: 'gpt-4', usage: { input_tokens: n } });

/** `audit --every` in the background. */
function watch(): { said: string[]; stop: () => void; ended: Promise<Ended>; metrics: () => Promise<Map<string, number>>; ready: () => Promise<number> } {
  const said: string[] = [];
  let stop = (): void => undefined;
  const ended = services.cli(['audit', '--every', '1s', '--metrics-port', '0'], {}, {
    print: (text) => void said.push(text),
    complain: (text) => void said.push(text),
    onInterrupt: (interrupt) => (stop = interrupt),
    offInterrupt: () => undefined,
  });
  const url = (): string => /http:\S+(?=\/metrics)/.exec(said.join('\n'))![0];
  const metrics = async (): Promise<Map<string, number>> => {
    const text = await (await fetch(`${url()}/metrics`, { headers: { connection: 'close' } })).text();
    return new Map([...text.matchAll(/^(ledgerline_audit_\w+)(?:\{[^}]*\})? (\S+)/gm)].map(([, name, value]) => [name!, Number(value)]));
  };
  return { said, stop: () => stop(), ended, metrics, ready: async () => (await fetch(`${url()}/readyz`, { headers: { connection: 'close' } })).status };
}

describe('audit --every', () => {
  it('serves what the last run found as metrics, and ends with it on Ctrl-C', async () => {
    await services.send([event(1), event(2)]);
    const running = watch();
    await eventually(async () => {
      const metrics = await running.metrics();
      expect([metrics.get('ledgerline_audit_events'), metrics.get('ledgerline_audit_difference'), await running.ready()]).toEqual([2, 0, 200]);
      expect(metrics.get('ledgerline_audit_last_success_timestamp_seconds')).toBe(metrics.get('ledgerline_audit_last_run_timestamp_seconds'));
    }, { timeoutMs: 20_000 });
    await services.postgres.query('UPDATE quota.usage_sums SET cost_usd = cost_usd + 1');
    await eventually(async () => {
      const metrics = await running.metrics();
      expect([metrics.get('ledgerline_audit_difference'), await running.ready()]).toEqual([1, 503]);
      expect(metrics.get('ledgerline_audit_last_success_timestamp_seconds')).toBeLessThan(metrics.get('ledgerline_audit_last_run_timestamp_seconds')!);
    }, { timeoutMs: 20_000 });
    running.stop();
    expect((await running.ended).code).toBe(1);
    expect(running.said.join('\n')).toMatch(/exact: 2 events[^]*DIFFERENT: Quota sums, customer "acme"/);
  }, 60_000);
});

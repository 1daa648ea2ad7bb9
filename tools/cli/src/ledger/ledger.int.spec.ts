import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Services } from '../../test/services.js';

const services = new Services();
const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
let ids: string[];

beforeAll(async () => {
  await services.start(2);
  ids = await services.send([...Array(50).keys()].map(event));
}, 60_000);

afterAll(async () => {
  await services.stop();
  rmSync(folder, { recursive: true });
}, 60_000);

/** The last one has no price. */
const event = (n: number): Record<string, unknown> => ({
  id: `e${n}`, customer_id: 'acme', provider: 'openai', model: n === 49 ? 'unheard-of' : 'gpt-4', usage: { input_tokens: 1000, output_tokens: n }, occurred_at: '2026-02-01T00:00:00Z',
});

/** Audits with a ledger of these lines. */
function audited(lines: readonly object[], ...args: string[]): Promise<{ code: number; output: string }> {
  const file = join(folder, 'ledger.ndjson');
  writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'));
  return services.cli(['audit', '--ledger', file, ...args]);
}

describe('audit --ledger', () => {
  it('exits 0 when every acknowledged event is there once, by its usage_id or by its identity', async () => {
    const byId = ids.map((usage_id) => ({ usage_id, status: 'accepted' }));
    const byIdentity = ids.map((_, n) => ({ customer_id: 'acme', id: `e${n}`, usage: { input_tokens: 1000, output_tokens: n }, ...(n === 49 ? {} : { cost_usd: `${(0.03 + n * 0.00006).toFixed(5)}` }) }));
    const { code, output } = await audited([...byId, ...byIdentity, { usage_id: ids[0], status: 'unknown' }]);
    expect([code, output]).toEqual([0, expect.stringContaining('Ledger: all 100 acknowledged events are there once: 98 priced, 2 unpriced.')]);
    expect(output).toContain('1 lines of events that were not acknowledged were passed over.');
  });

  it('says of an event that is held back why it is', async () => {
    const held = await services.send([{ ...event(100), customer_id: 'acme', usage: { input_tokens: 5 } }]);
    await services.send([{ ...event(100), usage: { input_tokens: 6 } }]);
    // An event that only ever came as a conflict: its original's row is taken away.
    expect(await audited([{ usage_id: held[0] }])).toMatchObject({ code: 0 });
    await services.clickhouse.query(`ALTER TABLE usage_events DELETE WHERE usage_id = '${held[0]}' SETTINGS mutations_sync = 2`);
    const { code, output } = await audited([{ usage_id: held[0] }], '--json');
    const { exact, ledger } = JSON.parse(output) as { exact: boolean; ledger: object };
    // The ledger's event is known; that its row is gone is what the audit itself finds.
    expect([code, exact, ledger]).toEqual([1, false, expect.objectContaining({ exact: true, held: { 'quarantined: conflict': 1 } })]);
  });

  it('exits 1 and names by its line what is missing, doubled, or not what the ledger says', async () => {
    await services.clickhouse.query(`INSERT INTO usage_events SELECT * FROM usage_events WHERE usage_id = '${ids[1]}'`);
    const { code, output } = await audited([{ usage_id: ids[0], cost_usd: '0.04' }, { usage_id: ids[1] }, { customer_id: 'acme', id: 'never sent' }]);
    expect(code).toBe(1);
    expect(output).toContain('LEDGER DIFFERS: of 3 acknowledged events 1 are missing, 1 doubled, 1 are not what it says.');
    expect(output).toMatch(new RegExp(`line 1: ${ids[0]} cost_usd should be 0.04 but is 0.03\\n.*line 2: ${ids[1]} is recorded 2 times\\n.*line 3: [-0-9a-f]{36} is neither counted nor held back`));
  });

  it('exits 2 and names the line when the file is no ledger, or is not there', async () => {
    expect(await audited([{ usage_id: ids[0] }, { usage_id: 'e1' }])).toMatchObject({ code: 2 });
    expect(await services.cli(['audit', '--ledger', join(folder, 'none')])).toMatchObject({ code: 2 });
  });
});

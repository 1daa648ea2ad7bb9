import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import { type Correction, correctionSubject, encodeCorrectionEnvelope, partitionOf, usageIdBytes } from '@ledgerline/contracts';
import { usageIdKey, writeUsageId } from '@ledgerline/domain-metering';
import { connectNats, publishEnvelope } from '@ledgerline/messaging';
import { eventually } from '@ledgerline/testing';
import { Services } from '../../test/services.js';

const services = new Services();
let ids: Uint8Array[];

beforeAll(async () => {
  await services.start(2);
  ids = (await services.send([...Array(6).keys()].map((n) => ({ id: `e${n}`, customer_id: 'acme', provider: 'openai', model: n === 5 ? 'unheard-of' : 'gpt-4', usage: { input_tokens: 1000 } })))).map((id) => usageIdBytes(id)!);
  const creditId = new Uint8Array(16);
  writeUsageId(usageIdKey(services.env.USAGE_ID_KEY!), 'acme', 'credit', 'cr', creditId);
  await correct([
    { usageId: ids[0]!, correctionId: 'a', usage: new Map([[0, 7n]]) },
    { usageId: ids[0]!, correctionId: 'b', usage: new Map([[0, 8n]]), costUsd: '0.000000000001' },
    { usageId: ids[0]!, correctionId: 'b', usage: new Map([[0, 8n]]), costUsd: '0.000000000001' },
    { usageId: ids[1]!, correctionId: 'c', kind: 'void' },
    { usageId: ids[1]!, correctionId: 'd', kind: 'void' },
    { usageId: ids[5]!, correctionId: 'e', usage: new Map([[0, 3n]]) },
    { usageId: creditId, correctionId: 'cr', kind: 'credit', costUsd: '5.25', provider: 'openai', model: 'gpt-4', occurredAtUs: Date.now() * 1000 },
  ]);
}, 60_000);

afterAll(() => services.stop(), 60_000);

/** Publishes corrections as ingest does, each to the partition of its event. */
async function correct(corrections: readonly (Pick<Correction, 'usageId' | 'correctionId'> & Partial<Correction>)[]): Promise<void> {
  const nats = await connectNats(services.env.NATS_URL!, 'audit-spec');
  const rest = { kind: 'adjust', customerId: 'acme', requestedBy: 'key', reason: 'misread', requestedAtUs: Date.now() * 1000, usage: null, costUsd: '', status: null, replacedBy: null, occurredAtUs: 0, provider: '', model: '', heldSequence: 0, heldIndex: 0, awaitsOriginal: false } as const;
  for (const correction of corrections) {
    const partition = partitionOf(correction.usageId, 0, 2);
    await publishEnvelope(jetstream(nats), correctionSubject(1, partition), encodeCorrectionEnvelope({ generation: 1, partition, corrections: [{ ...rest, ...correction }] }), { timeoutMs: 5_000 });
  }
  await nats.close();
}

interface Report {
  exact: boolean;
  events: string;
  corrections: string;
  outcomes: Record<string, string>;
  partitions: { rows: string; cost_usd: string }[];
}

describe('audit of corrections', () => {
  it('finds every correction decided once, and its signed rows among the rows with sign and cost', async () => {
    await eventually(
      async () => {
        const { output } = await services.cli(['audit', '--since', '1h', '--json']);
        const { exact, events, corrections, outcomes, partitions } = JSON.parse(output) as Report;
        expect({ exact, events, corrections }).toEqual({ exact: true, events: '6', corrections: '7' });
        expect(outcomes).toMatchObject({ priced: '5', unpriced: '1', applied: '5', refused: '1', duplicate: '1' });
        // 6 as recorded, two rows for each of three adjustments, one for the void, one for the credit.
        expect(partitions.reduce((sum, { rows }) => sum + Number(rows), 0)).toBe(14);
        // Three events at 0.03 are left, one at 1e-12, and the credit.
        expect(partitions.reduce((sum, { cost_usd }) => sum + Math.round(Number(cost_usd) * 1e12), 0)).toBe(Math.round((0.09 - 5.25) * 1e12) + 1);
      },
      { timeoutMs: 20_000 },
    );
  }, 30_000);

  it('names the partition when a signed row has lost its sign', async () => {
    await services.clickhouse.query("ALTER TABLE usage_events UPDATE event_count = 1 WHERE kind = 'voided' SETTINGS mutations_sync = 2");
    const { code, output } = await services.cli(['audit', '--since', '1h']);
    expect([code, output]).toEqual([1, expect.stringContaining(`DIFFERENT: ClickHouse rows, partition ${partitionOf(ids[1]!, 0, 2)}, USAGE sequences 1 to`)]);
    expect(output).toContain('event_count should be');
    expect(output).toContain('sum of row hashes should be');
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import { DeltaKind, Outcome, pricedSubject, usageSubject } from '@ledgerline/contracts';
import { connectNats, ensureStreams, publishEnvelope } from '@ledgerline/messaging';
import { CorrectedEvent, correctionRunOf, freshClickhouse, freshDatabase, freshNats, pricedBytes, runOf, type RunningService, startService } from '@ledgerline/testing';
import { run } from '../program.js';
import { processContext } from './context.js';

const ADMIN_KEY = 'events-admin-key-0123456789';
const STREAM_MAX_BYTES = 64 * 1024 * 1024;
const ends: (() => Promise<unknown>)[] = [];
let readApi: RunningService;
let usageId: string;

beforeAll(async () => {
  const [nats, database, clickHouse] = await Promise.all([freshNats(), freshDatabase(), freshClickhouse()]);
  const nc = await connectNats(nats.url, 'events-spec');
  ends.push(() => nc.close(), () => nats.stop(), () => database.drop(), () => clickHouse.drop());
  await ensureStreams(nc, { generation: 1, partitions: 1, maxBytes: STREAM_MAX_BYTES, kinds: ['USAGE', 'PRICED', 'QUOTA'] });
  const env = { NATS_URL: nats.url, DATABASE_URL: database.url, CLICKHOUSE_URL: clickHouse.url, PARTITIONS: '1', AGGREGATION_SHARDS: '1', ADMIN_KEY, STREAM_MAX_BYTES: String(STREAM_MAX_BYTES) };
  for (const name of ['accounts', 'aggregation', 'read-api'] as const) {
    const service = await startService(name, env);
    ends.unshift(() => service.stop());
    readApi = service;
  }
  const event = { id: 'e', usage: { input_tokens: 10 }, costPico: 10n ** 12n, occurredAtUs: Date.UTC(2026, 10, 1) * 1000 };
  const recorded = runOf(0, 1, [event]);
  usageId = recorded.usageIds[0]!;
  const corrections = [
    { usageId, id: 'fix', reason: 'misread', requestedBy: 'key-7' },
    { usageId, id: 'late', reason: 'again', outcome: Outcome.refused, because: { code: 'already_void', detail: '' } },
  ];
  const runs = [recorded, correctionRunOf(0, 2, corrections, new CorrectedEvent(usageId, event).becomes(DeltaKind.adjusted, 'fix', { usage: { input_tokens: 4 }, costPico: 4n * 10n ** 11n }))];
  for (const { usage } of runs) await publishEnvelope(jetstream(nc), usageSubject(1, 0), usage, { timeoutMs: 5_000 });
  await publishEnvelope(jetstream(nc), pricedSubject(1, 0), pricedBytes(0, runs), { timeoutMs: 5_000 });
}, 90_000);

afterAll(async () => {
  for (const end of ends) await end();
}, 30_000);

async function history(...args: string[]): Promise<{ code: number; output: string }> {
  let output = '';
  const keep = (text: string): void => void (output += text);
  const context = processContext({ LEDGERLINE_URL: readApi.url, LEDGERLINE_ADMIN_KEY: ADMIN_KEY, LEDGERLINE_HOME: '/nonexistent' });
  return { code: await run(['events', 'history', ...args], { ...context, print: keep, complain: keep }), output };
}

describe('events history', () => {
  it('shows each step with who, why, what it led to and where it lies', async () => {
    const { code, output } = await history(usageId);
    expect(code).toBe(0);
    const lines = output.split('\n').filter((line) => /recorded|adjust/.test(line));
    expect(lines).toEqual([
      expect.stringMatching(/ recorded .* key-1 .* priced, ok .* input_tokens 10 .* 1 .* 1\/0\/1\/0 /),
      expect.stringMatching(/ adjust fix .* applied .* key-7 .* misread .* input_tokens 4 .* 0\.4 .* -0\.6 .* 1\/0\/2\/0 /),
      expect.stringMatching(/ adjust late .* refused: already_void .* again .* 1\/0\/2\/1 /),
    ]);
  });

  it('as JSON is what the API answered', async () => {
    const { output } = await history(usageId, '--json');
    expect(JSON.parse(output)).toMatchObject([{ kind: 'recorded' }, { correction_id: 'fix', cost_change_usd: '-0.6' }, { correction_id: 'late', outcome: 'refused' }]);
  });

  it("ends with 1 and the API's own words for what was never recorded", async () => {
    expect(await history('00000000-0000-4000-8000-000000000000')).toEqual({ code: 1, output: '404 No event 00000000-0000-4000-8000-000000000000 was recorded.' });
  });
});

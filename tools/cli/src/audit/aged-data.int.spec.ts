import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openArchiveStore, readArchive } from '@ledgerline/archive-store';
import { createClickHouse } from '@ledgerline/clickhouse';
import { pricedStream, usageStream } from '@ledgerline/contracts';
import { connectNats, type NatsConnection } from '@ledgerline/messaging';
import { type EventSpec, eventually, type RunningService, startService } from '@ledgerline/testing';
import { jetstreamManager } from '@nats-io/jetstream';
import { AGED_LOG, AGED_ROWS, AgedDeployment } from '../../test/aged-deployment.js';
import { Services } from '../../test/services.js';
import { readSealedMonths, readSummaries } from './adapters/clickhouse-usage-reader.js';
import { type Sums } from './sums.js';

const us = (month: number, day: number): number => Date.UTC(2026, month - 1, day, 10) * 1000;
const events = (beforeUs: number, count: number): EventSpec[] =>
  Array.from({ length: count }, (_, i) => ({ customer: `c-${i % 3}`, model: `m-${i % 2}`, occurredAtUs: beforeUs - i * 3_600_000_000, usage: { input_tokens: 9_007_199_254_740_000 + i }, costPico: 1_234_567_890_123n * BigInt(i) }));
const waiting = { timeoutMs: 20_000 };

describe('a log that is older than its retention', () => {
  const services = new Services();
  const folder = mkdtempSync(join(tmpdir(), 'ledgerline-aged-'));
  const later: RunningService[] = [];
  let nc: NatsConnection;
  const event = (id: string, occurredAt: string) => ({ id, customer_id: 'acme', provider: 'openai', model: 'gpt-4', usage: { input_tokens: 100, output_tokens: id.length }, occurred_at: occurredAt });

  beforeAll(async () => {
    await services.start(2);
    nc = await connectNats(services.env['NATS_URL']!, 'aged-spec');
    const send = async (from: number, to: number): Promise<void> => {
      for (let n = from; n < to; n++) await services.send(Array.from({ length: 10 }, (_, i) => event(`e-${n}-${i}`, i % 2 === 0 ? '2026-01-31T23:00:00Z' : '2026-02-01T00:00:00Z')));
    };
    await send(0, 5);
    // However much is priced at once: what is sent from now on is in further messages.
    await eventually(async () => {
      for (const [, last] of await spans(pricedStream)) expect(last).toBeGreaterThan(0);
    }, waiting);
    await send(5, 10);
  }, 120_000);
  afterAll(async () => {
    await nc.close();
    await Promise.all(later.map((service) => service.stop()));
    await services.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** First and last sequence of each partition's stream. */
  const spans = async (name: (generation: number, partition: number) => string): Promise<[number, number][]> => {
    const jsm = await jetstreamManager(nc);
    return Promise.all(
      [0, 1].map(async (partition) => {
        const { first_seq, last_seq } = (await jsm.streams.info(name(1, partition))).state;
        return [first_seq, last_seq] as [number, number];
      }),
    );
  };
  const quotaSums = async (): Promise<unknown[]> => (await services.postgres.query('select * from quota.published_sums order by 1, 2, 3, 4')).rows as unknown[];

  it('is trimmed to its last messages, is whole in the archive, and the audit stays exact', async () => {
    await eventually(async () => expect(await services.cli(['audit'])).toMatchObject({ code: 0, output: expect.stringContaining('Exact: 100 events') }), waiting);
    const sums = await quotaSums();
    const before = await spans(pricedStream);
    // A copy of pricing that begins says how far it has read.
    await services.running.get('pricing')!.stop();
    later.push(await startService('pricing', services.env));
    later.push(await startService('archive', { ...services.env, ...AGED_LOG, ARCHIVE_URL: pathToFileURL(folder).href }));
    await eventually(async () => {
      for (const name of [pricedStream, usageStream]) for (const [first, last] of await spans(name)) expect(first).toBe(last);
    }, waiting);
    const archive = openArchiveStore(pathToFileURL(folder).href);
    for (const [partition, [first, last]] of before.entries()) {
      const sequences: number[] = [];
      for await (const { sequence } of readArchive(archive, 1, partition, 1)) sequences.push(sequence);
      expect(sequences).toEqual(Array.from({ length: last - first + 1 }, (_, i) => first + i));
      expect(last).toBeGreaterThan(1);
    }
    expect(await quotaSums()).toEqual(sums);
    expect(await services.cli(['audit'])).toMatchObject({ code: 0, output: expect.stringMatching(/Exact: 100 events .*the quota sums and the summaries.*Before that: the baseline sealed at/s) });
  }, 120_000);

  it('goes on: what comes late adds to its period, and a copy of what was trimmed is still no second event', async () => {
    await services.send([event('late', '2026-01-31T22:00:00Z'), event('e-0-0', '2026-01-31T23:00:00Z')]);
    await eventually(async () => expect(await services.cli(['audit'])).toMatchObject({ code: 0, output: expect.stringContaining('Exact: 102 events') }), waiting);
    const counted = await services.postgres.query("select event_count::int as events from quota.published_sums where period_start = '2026-01-01'");
    expect(counted.rows).toEqual([{ events: 51 }]);
  }, 60_000);

  it('without a baseline is audited in the range that is left, and the audit says so', async () => {
    await services.postgres.query('drop schema audit cascade');
    const { code, output } = await services.cli(['audit']);
    expect(code).toBe(0);
    expect(output).toMatch(/Exact in this range: \d+ events agree in USAGE, PRICED and ClickHouse\..*The streams no longer begin at their beginning/s);
  }, 60_000);
});

describe('rows that are older than their retention', () => {
  const deployment = new AgedDeployment();
  /** In a month that is not over while the test runs. */
  const nowUs = Date.now() * 1000;
  beforeAll(async () => {
    await deployment.start();
    for (const partition of [0, 1]) for (const [recordedAtUs, count] of [[us(6, 20), 60], [us(7, 2), 50], [nowUs, 40]] as const) await deployment.record(partition, events(recordedAtUs, count), recordedAtUs);
  }, 120_000);
  afterAll(() => deployment.stop(), 60_000);

  const rows = async (): Promise<number> => Number(await deployment.clickHouse.query('SELECT count() FROM usage_events'));

  /** The summaries as the audit reads them. */
  async function summaries(sourceTo: number): Promise<Map<string, Sums>> {
    const client = createClickHouse({ url: deployment.clickHouse.url, applicationName: 'aged-spec' });
    try {
      return await readSummaries(client, { generation: 1, sourceTo: new Map([[0, sourceTo], [1, sourceTo]]), sealed: await readSealedMonths(client) });
    } finally {
      await client.close();
    }
  }

  it('leave summaries and quota sums of past periods exact, with the log trimmed as well', async () => {
    await eventually(async () => expect(await rows()).toBe(300), waiting);
    await eventually(async () => expect((await deployment.pool.query('select sum(event_count)::int as events from quota.published_sums')).rows).toEqual([{ events: 300 }]), waiting);
    const before = { summaries: await summaries(3), sums: await deployment.quotaSums() };
    expect(before.summaries.size).toBeGreaterThan(10);
    await deployment.restart('aggregation', AGED_ROWS);
    await deployment.restart('archive', AGED_LOG);
    await eventually(async () => expect(await rows()).toBe(80), waiting);
    await eventually(async () => expect(await deployment.firstSequences()).toEqual([3, 3, 3, 3]), waiting);
    expect(await summaries(3)).toEqual(before.summaries);
    expect(await deployment.quotaSums()).toEqual(before.sums);
  }, 120_000);

  it('are added to, in the period in which it occurred, by what is recorded later', async () => {
    const eventsIn = async (sourceTo: number): Promise<bigint> => [...(await summaries(sourceTo)).values()].reduce((sum, { events: count }) => sum + count, 0n);
    expect(await eventsIn(3)).toBe(300n);
    for (const partition of [0, 1]) await deployment.record(partition, events(us(6, 18), 2), nowUs + 1);
    await eventually(async () => expect(await rows()).toBe(84), waiting);
    expect(await eventsIn(4)).toBe(304n);
    expect(await eventsIn(3)).toBe(300n);
  }, 60_000);
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectNats, ensureStreams, type NatsConnection, publishEnvelope, streamInfo, streamOf } from '@ledgerline/messaging';
import { eventually, freshDatabase, type FreshDatabase, freshNats, type FreshNats, type RunningService, startService } from '@ledgerline/testing';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countedIn, pricedOf } from '../test/partition-under-test.js';
import { idIn, KEY_HEX, usageEnvelope, usageIdTextOf } from '../test/usage-events.js';

const PARTITIONS = 4;
const TAKEOVER_MS = 10_000;

describe('the pricing service', () => {
  let nats: FreshNats;
  let database: FreshDatabase;
  let nc: NatsConnection;
  let directory: string;
  let services: RunningService[];
  /** ids published, by partition */
  let published: string[][];

  beforeEach(async () => {
    [nats, database] = await Promise.all([freshNats(), freshDatabase()]);
    nc = await connectNats(nats.url, 'test');
    await ensureStreams(nc, { generation: 1, partitions: PARTITIONS, maxBytes: 64 * 1024 ** 2, kinds: ['USAGE', 'PRICED'] });
    directory = mkdtempSync(join(tmpdir(), 'pricing-'));
    services = [];
    published = Array.from({ length: PARTITIONS }, () => []);
  });
  afterEach(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await nc.close();
    await Promise.all([nats.stop(), database.drop()]);
    rmSync(directory, { recursive: true, force: true });
  });

  const environment = (instance: string): Record<string, string> => ({
    NATS_URL: nats.url,
    DATABASE_URL: database.url,
    USAGE_ID_KEY: KEY_HEX,
    PARTITIONS: String(PARTITIONS),
    STREAM_MAX_BYTES: String(64 * 1024 ** 2),
    LEASE_TTL_MS: '2000',
    PUBLISH_TIMEOUT_MS: '1000',
    PRICING_INDEX_DIR: directory,
    INSTANCE_ID: instance,
  });

  async function start(instance: string): Promise<RunningService> {
    const service = await startService('pricing', environment(instance));
    services.push(service);
    return service;
  }

  /** Publishes messages of three events, one of which repeats an earlier one, until the broker has them. */
  async function publish(partition: number, messages: number): Promise<void> {
    for (let i = 0; i < messages; i++) {
      const ids = published[partition]!;
      const fresh = [idIn(partition, PARTITIONS, `${ids.length}a`), idIn(partition, PARTITIONS, `${ids.length}b`)];
      const data = usageEnvelope(
        [...fresh, ids[Math.floor(ids.length / 2)] ?? fresh[0]!].map((id) => ({ id })),
        partition,
      );
      ids.push(...fresh);
      const { subject } = streamOf('USAGE', 1, partition);
      await eventually(() => publishEnvelope(jetstream(nc), subject, data, { timeoutMs: 1_000 }), { timeoutMs: 20_000 });
    }
  }

  async function publishEverywhere(messages: number): Promise<void> {
    for (let partition = 0; partition < PARTITIONS; partition++) await publish(partition, messages);
  }

  /** Waits until every USAGE message has its outcome; then each identity must be counted exactly once. */
  async function expectAllCountedOnce(timeoutMs = 20_000): Promise<void> {
    const jsm = await jetstreamManager(nc);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const { lastSequence } = await streamInfo(jsm, streamOf('USAGE', 1, partition).stream);
      const envelopes = await eventually(
        async () => {
          const all = await pricedOf(nc, 1, partition);
          if ((all.at(-1)?.sourceTo ?? 0) !== lastSequence) throw new Error(`partition ${partition} stands at ${all.at(-1)?.sourceTo} of ${lastSequence}`);
          return all;
        },
        { timeoutMs, intervalMs: 100 },
      );
      expect(countedIn(envelopes).sort()).toEqual(published[partition]!.map((id) => usageIdTextOf({ id })).sort());
    }
  }

  async function writersSince(sequence: number): Promise<Set<string>> {
    const all = await Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => pricedOf(nc, 1, partition)));
    return new Set(all.flatMap((envelopes) => envelopes.slice(sequence).map(({ writerId }) => writerId.split('/')[0]!)));
  }

  it('runs alone from its environment: healthy, ready, measured, and drained on SIGTERM', async () => {
    const service = await start('alone');
    await publishEverywhere(10);
    await expectAllCountedOnce();
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toMatch(/ledgerline_pricing_outcomes(_total)?\{[^}]*outcome="duplicate"[^}]*\} 40/);
    expect(metrics).toMatch(/ledgerline_consumer_lag_messages\{[^}]*partition="3"[^}]*\} 0/);
    expect(await service.stop()).toMatchObject({ code: 0 });
  });

  it('names every bad variable and does not start', async () => {
    const service = await startService(
      'pricing',
      { ...environment('bad'), USAGE_ID_KEY: 'secret', PARTITIONS: 'many', FIRECRAWL_USD_PER_CREDIT: 'free' },
      { until: 'spawned' },
    );
    services.push(service);
    expect(await service.exited).toMatchObject({ code: 1 });
    for (const name of ['USAGE_ID_KEY', 'PARTITIONS', 'FIRECRAWL_USD_PER_CREDIT']) expect(service.log()).toContain(name);
    expect(service.log()).not.toContain('secret');
  });

  it('spreads partitions over two copies; when one is killed the other takes its partitions within 10 s', async () => {
    const [one] = [await start('one'), await start('two')];
    await eventually(
      async () => {
        const before = (await pricedOf(nc, 1, 0)).length;
        await publishEverywhere(1);
        await expectAllCountedOnce();
        return before >= 0 && (await writersSince(0)).size === 2;
      },
      { timeoutMs: 20_000 },
    );
    one.kill('SIGKILL');
    const killedAt = performance.now();
    await publishEverywhere(20);
    await expectAllCountedOnce(TAKEOVER_MS);
    expect(performance.now() - killedAt).toBeLessThan(TAKEOVER_MS);
  });

  it('counts everything once when it is killed again and again in the middle of work, also without its index', async () => {
    for (let round = 0; round < 4; round++) {
      const service = await start(`round${round % 2}`);
      await publishEverywhere(15);
      service.kill('SIGKILL');
      await service.exited;
      await publishEverywhere(3);
      if (round === 2) rmSync(directory, { recursive: true, force: true });
    }
    await start('last');
    await expectAllCountedOnce();
  });

  it('counts everything once when a frozen copy thaws after another took its partitions', async () => {
    const frozen = await start('frozen');
    await publishEverywhere(5);
    await expectAllCountedOnce();
    await publishEverywhere(5);
    frozen.kill('SIGSTOP');
    await publishEverywhere(10);
    await start('other');
    await expectAllCountedOnce();
    frozen.kill('SIGCONT');
    await publishEverywhere(20);
    await expectAllCountedOnce();
    expect((await fetch(`${frozen.url}/healthz`)).status).toBe(200);
  });

  it('counts everything once over kills of the broker', async () => {
    const service = await start('steady');
    for (let round = 0; round < 3; round++) {
      await publishEverywhere(10);
      await nats.kill9();
      await nats.restart();
    }
    await publishEverywhere(5);
    await expectAllCountedOnce(30_000);
    await eventually(async () => (await fetch(`${service.url}/readyz`)).status === 200);
  });

  it('does not become ready, and says why, when USAGE begins past 1 and PRICED is empty', async () => {
    await publish(2, 3);
    await (await jetstreamManager(nc)).streams.purge(streamOf('USAGE', 1, 2).stream, { seq: 3 });
    const service = await startService('pricing', environment('refusing'), { until: 'listening' });
    services.push(service);
    await eventually(async () => {
      const answer = await fetch(`${service.url}/readyz`);
      expect(answer.status).toBe(503);
      expect(await answer.text()).toContain('PRICED_g1_p2: it is empty, but USAGE begins at 3');
    });
  });
});

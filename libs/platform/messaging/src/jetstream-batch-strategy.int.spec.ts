import { cpSync, rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, freshNats, type FreshNats } from '@ledgerline/testing';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type INestMicroservice, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createNoopMeter } from '@opentelemetry/api';
import { MemoryLeases } from '../test/memory-leases.js';
import { RecordingConsumer } from '../test/recording-consumer.js';
import { connectNats, type NatsConnection } from './connection.js';
import { ensureStreams } from './ensure-streams.js';
import { type JetStreamBatchOptions, JetStreamBatchStrategy } from './jetstream-batch-strategy.js';
import { publishEnvelope } from './publish-envelope.js';
import { streamOf } from './stream-names.js';

const PARTITIONS = 4;
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

@Module({ controllers: [RecordingConsumer] })
class ConsumerModule {}

type Ready = { ok: true } | { ok: false; reason: string };

interface Running {
  app: INestMicroservice;
  consumer: RecordingConsumer;
  strategy: JetStreamBatchStrategy;
  ready: () => Ready;
}

describe('the batch transport', () => {
  let nats: FreshNats;
  let nc: NatsConnection;
  let generation = 0;
  const running: Running[] = [];

  beforeAll(async () => {
    nats = await freshNats();
    nc = await connectNats(nats.url, 'test');
  });
  afterAll(async () => {
    await nc.close();
    await nats.stop();
  });
  beforeEach(async () => {
    generation++;
    await eventually(() => ensureStreams(nc, { generation, partitions: PARTITIONS, maxBytes: 64_000_000, kinds: ['PRICED'] }).then(() => true));
  });
  afterEach(async () => {
    for (const { app } of running.splice(0)) await app.close();
  });

  async function start(options: Partial<JetStreamBatchOptions> = {}, consumer = new RecordingConsumer()): Promise<Running> {
    let ready: () => Ready = () => ({ ok: false, reason: 'unregistered' });
    const log = () => undefined;
    const strategy = new JetStreamBatchStrategy({
      nc,
      kind: 'PRICED',
      generation,
      partitions: PARTITIONS,
      leases: new MemoryLeases(...upTo(PARTITIONS).map((unit) => unit - 1)),
      mode: 'unit',
      maxMessages: 16,
      maxBytes: 1_000_000,
      maxWaitMs: 0,
      checkpoints: consumer,
      readiness: { register: (_name, check) => (ready = check) },
      logger: { info: log, warn: log, error: log },
      meter: createNoopMeter(),
      ...options,
    });
    const module = { module: ConsumerModule, controllers: [], providers: [] };
    const app = await NestFactory.createMicroservice(module, { strategy, logger: false });
    const made = app.get(RecordingConsumer);
    // The controller is Nest's own instance; what the test prepared is laid over it.
    Object.assign(made, {
      checkpoints: consumer.checkpoints,
      batches: consumer.batches,
      handled: consumer.handled,
      before: (batch: Parameters<typeof consumer.before>[0]) => consumer.before(batch),
    });
    await app.listen();
    const one = { app, consumer, strategy, ready: () => ready() };
    running.push(one);
    return one;
  }

  async function publish(partition: number, count: number, size = 100): Promise<void> {
    const { subject } = streamOf('PRICED', generation, partition);
    for (let i = 0; i < count; i++) await publishEnvelope(jetstream(nc), subject, new Uint8Array(size).fill(i), { timeoutMs: 5_000 });
  }

  it('hands over every message of every partition once and in order, in bounded batches', async () => {
    for (let partition = 0; partition < PARTITIONS; partition++) await publish(partition, 40);
    const { consumer } = await start();
    await publish(2, 30);
    await eventually(() => consumer.handled.length === 190);
    for (let partition = 0; partition < PARTITIONS; partition++) expect(consumer.sequences(partition)).toEqual(upTo(partition === 2 ? 70 : 40));
    expect(consumer.batches.every(({ messages }) => messages.length <= 16)).toBe(true);
    expect(consumer.batches.every(({ unit, messages, heads, epochs }) => messages[0]!.partition === unit && heads.size === 1 && epochs.get(unit!) === 1)).toBe(
      true,
    );
  });

  it('mixes partitions in one batch in merged mode, with a head and an epoch for each', async () => {
    for (let partition = 0; partition < PARTITIONS; partition++) await publish(partition, 5);
    const { consumer } = await start({ mode: 'merged', units: 2, leases: new MemoryLeases(0, 1), maxMessages: 64, maxWaitMs: 300 });
    await eventually(() => consumer.handled.length === 20);
    const [first] = consumer.batches;
    expect(first!.unit).toBeNull();
    expect(first!.heads.size).toBeGreaterThan(1);
    expect(first!.epochs).toEqual(
      new Map([
        [0, 1],
        [1, 1],
      ]),
    );
    for (let partition = 0; partition < PARTITIONS; partition++) expect(consumer.sequences(partition)).toEqual(upTo(5));
  });

  it('reads only the partitions of the units it holds, and follows them', async () => {
    const leases = new MemoryLeases(0);
    const { consumer } = await start({ units: 2, leases });
    for (let partition = 0; partition < PARTITIONS; partition++) await publish(partition, 3);
    await eventually(() => consumer.handled.length === 6);
    expect(new Set(consumer.handled.map(({ partition }) => partition))).toEqual(new Set([0, 2]));
    leases.give(1, 7);
    await eventually(() => consumer.handled.length === 12);
    expect(consumer.batches.find(({ unit }) => unit === 1)!.epochs).toEqual(new Map([[1, 7]]));
    leases.take(0);
    await eventually(() => running[0]!.strategy.progress().every(({ partition }) => partition % 2 === 1));
    await publish(0, 1);
    await publish(1, 1);
    await eventually(() => consumer.sequences(1).length === 4);
    expect(consumer.sequences(0)).toEqual(upTo(3));
  });

  it('starts a failed batch again from the stored checkpoint and loses nothing', async () => {
    const consumer = new RecordingConsumer();
    let failures = 0;
    consumer.before = async () => {
      if (failures++ % 3 === 1) throw new Error('no');
    };
    await start({ leases: new MemoryLeases(0), maxMessages: 5 }, consumer);
    await publish(0, 33);
    await eventually(() => consumer.handled.length >= 33);
    expect(consumer.sequences(0)).toEqual(upTo(33));
    expect(failures).toBeGreaterThan(7);
  });

  it('reads ahead while a batch is handled, but only so far', async () => {
    const consumer = new RecordingConsumer();
    let goOn = (): void => undefined;
    consumer.before = () => new Promise((resolve) => (goOn = resolve));
    const { strategy } = await start({ leases: new MemoryLeases(0), maxMessages: 8, maxBytes: 80_000, prefetchBytes: 80_000 }, consumer);
    await publish(0, 100, 10_000);
    await eventually(() => strategy.progress()[0]!.lag === 100);
    await eventually(() => strategy.waiting() >= 4);
    expect(strategy.waiting()).toBeLessThanOrEqual(8);
    consumer.before = async () => undefined;
    goOn();
    await eventually(() => consumer.handled.length === 100);
    expect(consumer.sequences(0)).toEqual(upTo(100));
  });

  it('lets the batch in hand finish when it is closed, then gives the leases back', async () => {
    const consumer = new RecordingConsumer();
    let goOn = (): void => undefined;
    consumer.before = () => new Promise((resolve) => (goOn = resolve));
    const leases = new MemoryLeases(0);
    const { strategy } = await start({ leases }, consumer);
    await publish(0, 1);
    await eventually(() => strategy.progress().length === 1 && strategy.progress()[0]!.lag === 1);
    const closed = strategy.close();
    expect(leases.stopped).toBe(false);
    await eventually(() => {
      goOn();
      return consumer.handled.length === 1;
    });
    await closed;
    expect(leases.stopped).toBe(true);
  });

  it('goes on after the broker was killed and came back, with nothing lost or twice', async () => {
    const { consumer, ready } = await start();
    await publish(0, 20);
    await eventually(() => consumer.handled.length === 20);
    await nats.kill9();
    await eventually(() => expect(ready()).toEqual({ ok: false, reason: 'the broker is away' }));
    await nats.restart();
    await eventually(() => publish(0, 1).then(() => true));
    await publish(1, 10);
    await eventually(() => consumer.sequences(1).length === 10 && consumer.sequences(0).length >= 21);
    expect(consumer.sequences(0)).toEqual(upTo(consumer.sequences(0).length));
    expect(ready()).toEqual({ ok: true });
  });

  it('stops, unready, when the stream was made anew, and says what to run', async () => {
    const { consumer, ready } = await start();
    await publish(0, 5);
    await eventually(() => consumer.handled.length === 5);
    await (await jetstreamManager(nc)).streams.delete(streamOf('PRICED', generation, 0).stream);
    await ensureStreams(nc, { generation, partitions: PARTITIONS, maxBytes: 64_000_000, kinds: ['PRICED'] });
    await publish(0, 9);
    const reason = await eventually(() => {
      const now = ready();
      return now.ok ? false : now.reason;
    });
    expect(reason).toContain(`PRICED_g${generation}_p0: it is the stream `);
    expect(reason).toContain('npm run cli -- recover');
    expect(consumer.sequences(0)).toEqual(upTo(5));
  });

  it('goes on when the broker tells another creation time: that of the restart before a setting of the stream was changed', async () => {
    const { consumer, ready } = await start();
    const jsm = await jetstreamManager(nc);
    const { stream } = streamOf('PRICED', generation, 0);
    await publish(0, 5);
    await eventually(() => consumer.handled.length === 5);
    await nats.kill9();
    await nats.restart();
    await eventually(() => jsm.streams.update(stream, { max_bytes: 65_000_000 }).then(() => true));
    await nats.kill9();
    await nats.restart();
    await eventually(() => publish(0, 1).then(() => true));
    await eventually(() => consumer.handled.length >= 6);
    expect(ready()).toEqual({ ok: true });
  });

  it('stops every partition when the broker comes back without messages it had acknowledged', async () => {
    const backup = `${nats.dataDir}-backup`;
    const { consumer, ready } = await start();
    await publish(0, 5);
    await nats.kill9();
    cpSync(nats.dataDir, backup, { recursive: true });
    await nats.restart();
    await eventually(() => publish(0, 1).then(() => true));
    await publish(0, 4);
    await eventually(() => consumer.handled.length >= 10);
    const seen = consumer.handled.length;
    await nats.kill9();
    rmSync(nats.dataDir, { recursive: true });
    cpSync(backup, nats.dataDir, { recursive: true });
    rmSync(backup, { recursive: true });
    await nats.restart();
    await eventually(() => expect(ready()).toMatchObject({ ok: false, reason: expect.stringContaining('the broker lost acknowledged messages') }));
    await eventually(() => publish(1, 1).then(() => true));
    expect(consumer.handled).toHaveLength(seen);
  });
});

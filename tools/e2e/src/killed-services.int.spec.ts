import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { pricedStream, QUOTA_STREAM, usageStream } from '@ledgerline/contracts';
import { connectNats, type NatsConnection } from '@ledgerline/messaging';
import { eventually } from '@ledgerline/testing';
import { startLocalStack, type LocalStack } from './local-stack.js';
import { traces, type Trace } from './trace-file.js';
import { alertsOf, expectedOf, importArguments, importTraces, quotaSumsOf, summaryOf } from './usage-check.js';

const ROUNDS = 3;
/** At the rate that it is given the import would take so long; the kills are done before. */
const IMPORT_SECONDS = 300;

let stack: LocalStack;
let files: Trace[];
let nc: NatsConnection;
let jsm: JetStreamManager;
let sent = 0;

beforeAll(async () => {
  stack = await startLocalStack();
  files = traces(stack.home);
  nc = await connectNats(stack.file().nats_url, 'e2e');
  jsm = await jetstreamManager(nc);
}, 120_000);
afterAll(async () => {
  await nc?.close();
  await stack?.dispose();
});

/** Messages that the streams of a kind have taken. */
async function written(kind: 'USAGE' | 'PRICED' | 'QUOTA'): Promise<number> {
  const { partitions } = stack.file();
  const names =
    kind === 'QUOTA' ? [QUOTA_STREAM] : Array.from({ length: partitions }, (_, p) => (kind === 'USAGE' ? usageStream(1, p) : pricedStream(1, p)));
  const infos = await Promise.all(names.map((name) => jsm.streams.info(name)));
  return infos.reduce((sum, info) => sum + info.state.last_seq, 0);
}

/** An event of a customer nobody has seen, over its quota of one token at once: work for every service. */
async function stir(): Promise<void> {
  const customer = `stir-${sent++}`;
  await stack.request('POST', '/v1/quotas', { customer_id: customer, metric: 'tokens', limit: '1' }).catch(() => undefined);
  await stack.request('POST', '/v1/events', { customer_id: customer, provider: 'openai', model: 'gpt-4', usage: { input_tokens: 9 } }).catch(() => undefined);
}

/** Resolves once the frozen consumer of `kind` provably has messages that it has not read. */
const untilBehind = (kind: 'USAGE' | 'PRICED' | 'QUOTA') => async (): Promise<void> => {
  const before = await written(kind);
  if (kind === 'QUOTA') await stir();
  await eventually(async () => expect(await written(kind)).toBeGreaterThan(before), { timeoutMs: 20_000 });
};

/** Resolves once the frozen server of requests provably has one that it has not answered: a later one to the edge itself came back. */
const untilAsked = (method: 'GET' | 'POST', path: string, body?: object) => async (): Promise<void> => {
  let answered = false;
  void stack.request(method, path, body).catch(() => undefined).finally(() => (answered = true));
  expect((await fetch(`${stack.url}/healthz`)).status).toBe(200);
  expect(answered).toBe(false);
};

const UNFINISHED: Record<string, () => Promise<void>> = {
  ingest: untilAsked('POST', '/v1/events', { id: 'asked', customer_id: 'asked', provider: 'openai', model: 'gpt-4', usage: { input_tokens: 1 } }),
  pricing: untilBehind('USAGE'),
  aggregation: untilBehind('PRICED'),
  quota: untilBehind('PRICED'),
  alerting: untilBehind('QUOTA'),
  accounts: untilBehind('QUOTA'),
  'read-api': untilAsked('GET', '/v1/summaries?customer_id=killed'),
};

it('kill -9 of each service in turn, three times, while it has unfinished work, changes no total and repeats no alert', async () => {
  await stack.request('POST', '/v1/quotas', { customer_id: 'killed', metric: 'tokens', limit: '1000000' });
  const file = files[0]!;
  const importing = stack.startCli(...importArguments(file, 'killed'), '--batch', '10', '--rate', String(file.events / IMPORT_SECONDS));
  await eventually(async () => expect(await written('PRICED')).toBeGreaterThan(4), { timeoutMs: 20_000 });
  for (let round = 0; round < ROUNDS; round++) {
    for (const [service, unfinished] of Object.entries(UNFINISHED)) {
      const pid = stack.pid(service);
      process.kill(pid, 'SIGSTOP');
      await unfinished();
      process.kill(pid, 'SIGKILL');
      await eventually(async () => {
        expect(stack.pid(service)).not.toBe(pid);
        expect((await fetch(`${stack.url}/readyz`)).status).toBe(200);
      }, { timeoutMs: 30_000 });
      expect([service, round, importing.running()]).toEqual([service, round, true]);
    }
  }
  // The rest at full speed: what the interrupted import brought is recognised.
  importing.interrupt();
  await importing.finished;
  await importTraces(stack, files, 'killed');
  const expected = expectedOf(files);
  await eventually(async () => expect(await summaryOf(stack, 'killed')).toMatchObject(expected.summary), { timeoutMs: 60_000 });
  await eventually(async () => expect(await quotaSumsOf(stack, 'killed')).toEqual(expected.quota), { timeoutMs: 60_000 });
  expect((await alertsOf(stack, 'killed')).map(({ threshold_percent, crossing_number }) => [threshold_percent, crossing_number])).toEqual([[80, 1], [100, 1]]);
  const { code, output } = await stack.cli('audit');
  expect([code, output]).toEqual([0, expect.any(String)]);
}, 300_000);

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { correctionSubject, decodeCorrectionEnvelope, decodeUsageEnvelope, Outcome, type PricedRun, pricedSubject, usageStream, usageSubject } from '@ledgerline/contracts';
import { freePorts, launch, SERVICES } from '@ledgerline/local-stack';
import { connectNats, ensureStreams, type NatsConnection, publishEnvelope, readRange } from '@ledgerline/messaging';
import { eventually, freshClickhouse, freshDatabase, freshNats, garbageRun, pricedBytes, RECORDED_AT_US, runOf, startService } from '@ledgerline/testing';
import { run } from '../program.js';
import { processContext } from './context.js';

const ADMIN_KEY = 'quarantine-admin-key-0123456789';
const STREAM_MAX_BYTES = 64 * 1024 * 1024;
const EDGE = fileURLToPath(new URL('../../../../deploy/local/dist/edge/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ledgerline-quarantine-'));
const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
let nc: NatsConnection;
let url: string;
let last = 0;

/** The public API: reading and acting are the business of two services, so the edge stands before them. */
async function startEdge(upstreams: Record<string, string>): Promise<string> {
  const [port] = await freePorts(1);
  const UPSTREAMS = JSON.stringify(Object.fromEntries(SERVICES.map((name) => [name, upstreams[name] ?? 'http://127.0.0.1:9'])));
  const edge = await launch({ command: process.execPath, args: [EDGE], cwd: folder, logFile: join(folder, 'edge.log'), killAfterMs: 5_000, env: { ...process.env, NODE_OPTIONS: '', PORT: String(port), UPSTREAMS } });
  ends.unshift(() => edge.stop());
  const address = `http://127.0.0.1:${port}`;
  await eventually(async () => expect((await fetch(`${address}/healthz`, { headers: { connection: 'close' } })).ok).toBe(true));
  return address;
}

beforeAll(async () => {
  const [nats, database, clickHouse] = await Promise.all([freshNats(), freshDatabase(), freshClickhouse()]);
  nc = await connectNats(nats.url, 'quarantine-cli-spec');
  ends.unshift(() => nc.close(), () => nats.stop(), () => database.drop(), () => clickHouse.drop());
  await ensureStreams(nc, { generation: 1, partitions: 1, maxBytes: STREAM_MAX_BYTES, kinds: ['USAGE', 'PRICED', 'QUOTA'] });
  const env = {
    NATS_URL: nats.url,
    DATABASE_URL: database.url,
    CLICKHOUSE_URL: clickHouse.url,
    PARTITIONS: '1',
    AGGREGATION_SHARDS: '1',
    ADMIN_KEY,
    STREAM_MAX_BYTES: String(STREAM_MAX_BYTES),
    USAGE_ID_KEY: '000102030405060708090a0b0c0d0e0f',
  };
  const upstreams: Record<string, string> = {};
  for (const name of ['accounts', 'aggregation', 'read-api', 'ingest']) {
    const service = await startService(name, { ...env, READ_API_URL: upstreams['read-api'] ?? 'http://127.0.0.1:9' });
    ends.unshift(() => service.stop());
    upstreams[name] = service.url;
  }
  url = await startEdge(upstreams);
  const conflict = { outcome: Outcome.quarantined, reason: { code: 'conflict', detail: 'another body' } };
  await hold(runOf(0, 1, [conflict, conflict, { ...conflict, id: 'fix-me', model: 'wrong' }, { outcome: Outcome.late, reason: { code: 'older_than_stored', detail: '' } }]));
  await hold(garbageRun(2, Buffer.from('garbage')));
}, 90_000);

afterAll(async () => {
  for (const end of ends) await end();
}, 30_000);

/** Holds it back, as pricing does. */
async function hold(held: PricedRun): Promise<void> {
  await publishEnvelope(jetstream(nc), usageSubject(1, 0), held.usage, { timeoutMs: 5_000 });
  await publishEnvelope(jetstream(nc), pricedSubject(1, 0), pricedBytes(0, [held]), { timeoutMs: 5_000 });
  last = held.sourceSequence;
}

/** Plays pricing for what was published since: events count, resolutions take effect. Says what that was. */
async function price(): Promise<string[]> {
  const { state } = await (await jetstreamManager(nc)).streams.info(usageStream(1, 0));
  const seen: string[] = [];
  if (state.last_seq === last) return seen;
  for await (const { sequence, subject, data } of readRange(jetstream(nc), usageStream(1, 0), last + 1, state.last_seq)) {
    const correction = subject === correctionSubject(1, 0);
    if (correction) seen.push(...decodeCorrectionEnvelope(data).corrections.map(({ kind, heldSequence, heldIndex, reason }) => `${kind} ${heldSequence}-${heldIndex} ${reason}`.trim()));
    else seen.push(`event ${decodeUsageEnvelope(data).dictionary[decodeUsageEnvelope(data).model[0]!]}`);
    const outcomes = Uint8Array.of(correction ? Outcome.applied : Outcome.priced);
    const priced = { sourceSequence: sequence, recordedAtUs: RECORDED_AT_US + sequence, usage: data, undecodable: false, outcomes, costs: new Uint8Array(16), reasons: [], correction };
    await publishEnvelope(jetstream(nc), pricedSubject(1, 0), pricedBytes(0, [priced]), { timeoutMs: 5_000 });
    last = sequence;
  }
  return seen;
}

async function quarantine(...args: string[]): Promise<{ code: number; output: string }> {
  const lines: string[] = [];
  const keep = (text: string): void => void lines.push(text);
  const context = processContext({ LEDGERLINE_URL: url, LEDGERLINE_ADMIN_KEY: ADMIN_KEY, LEDGERLINE_HOME: '/nonexistent' });
  return { code: await run(['quarantine', ...args], { ...context, print: keep, complain: keep }), output: lines.join('\n') };
}

const open = async (): Promise<string[]> => (JSON.parse((await quarantine('list', '--json')).output) as { id: string }[]).map(({ id }) => id);

describe('quarantine', () => {
  it('lists what was held back and counts it by reason, and shows one item whole', async () => {
    expect(await open()).toEqual(['g1-p0-2-0', 'g1-p0-1-3', 'g1-p0-1-2', 'g1-p0-1-1', 'g1-p0-1-0']);
    const listed = (await quarantine('list', '--outcome', 'late')).output.split('\n').filter((line) => line.includes('g1-'));
    expect(listed).toEqual([expect.stringMatching(/ g1-p0-1-3 .* late .* older_than_stored .* acme .* 2026-11-22T12:00:00.123457Z .* open /)]);
    expect(JSON.parse((await quarantine('list', '--summary', '--json')).output)).toMatchObject([{ code: 'conflict', items: 3 }, { code: 'older_than_stored', items: 1 }, { code: 'undecodable', items: 1 }]);
    expect(JSON.parse((await quarantine('show', 'g1-p0-1-2')).output)).toMatchObject({ id: 'g1-p0-1-2', state: 'open', body: { id: 'fix-me', model: 'wrong' } });
    expect(await quarantine('show', 'g1-p0-9-9')).toEqual({ code: 1, output: '404 Nothing was held back as g1-p0-9-9.' });
  });

  it('replays one item corrected', async () => {
    const file = join(folder, 'event.json');
    writeFileSync(file, JSON.stringify({ customer_id: 'acme', provider: 'openai', model: 'right', usage: { input_tokens: 1 } }));
    const { code, output } = await quarantine('replay', 'g1-p0-1-2', '--event', file);
    expect([code, output]).toEqual([0, expect.stringMatching(/^Replayed g1-p0-1-2 as [0-9a-f-]{36}$/)]);
    expect(await price()).toEqual(['event right', 'release 1-2']);
    expect(await quarantine('replay', 'g1-p0-1-0', 'g1-p0-1-1', '--event', file)).toMatchObject({ code: 2 });
    expect(await quarantine('replay', 'g1-p0-1-0', '--event', join(folder, 'none.json'))).toMatchObject({ code: 2, output: expect.stringContaining('holds no JSON event') });
  });

  it('acts on all that the options find only when that is confirmed, and goes on behind one that fails', async () => {
    expect(await quarantine('replay')).toMatchObject({ code: 2, output: expect.stringContaining('Name ids') });
    expect(await quarantine('replay', '--code', 'conflict')).toEqual({ code: 2, output: 'That is 2 items; add --yes to do it to all of them.' });
    expect(await quarantine('replay', '--code', 'no-such', '--yes')).toEqual({ code: 1, output: 'No open item is found by that.' });
    expect(await price()).toEqual([]);
    expect(await quarantine('replay', '--code', 'conflict', '--yes')).toMatchObject({ code: 0 });
    expect((await price()).map((text) => text.replace(/ gpt.*/, '')).sort()).toEqual(['event', 'event', 'release 1-0', 'release 1-1']);
    const { code, output } = await quarantine('release', 'g1-p0-2-0', 'g1-p0-1-3');
    expect([code, output.split('\n')]).toEqual([1, [expect.stringMatching(/^g1-p0-2-0: 409 .*only be discarded/), expect.stringMatching(/^Replayed g1-p0-1-3 as/), '1 of 2 items stay as they are.']]);
    expect((await price()).at(-1)).toBe('release 1-3');
  });

  it('discards with a reason', async () => {
    expect(await quarantine('discard', 'g1-p0-2-0')).toMatchObject({ code: 2 });
    expect(await quarantine('discard', 'g1-p0-2-0', '--reason', 'garbage')).toEqual({ code: 0, output: 'Discarded g1-p0-2-0' });
    expect(await price()).toEqual(['discard 2-0 garbage']);
    expect(await open()).toEqual([]);
    expect((await quarantine('list', '--state', 'discarded')).output).toContain('g1-p0-2-0');
  });
});

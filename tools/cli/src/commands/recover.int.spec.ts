import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connectNats, openGeneration, publishEnvelope, streamOf } from '@ledgerline/messaging';
import { eventually } from '@ledgerline/testing';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMIN_KEY, Ledger, RunningDeployment, type ServiceName } from '../../test/running-deployment.js';
import { type RecoveryFileContent } from '../recover/adapters/recovery-file.js';

const PARTITIONS = 2;
const REPORT = 'recovery-g2.json';

let deployment: RunningDeployment;
let copy: string;
let sent = 0;
/** What producers were told is recorded, by when that was. */
const early = new Ledger();
const copied = new Ledger();
const uncopied = new Ledger();
const later = new Ledger();

beforeAll(async () => {
  rmSync(REPORT, { force: true });
  copy = mkdtempSync(join(tmpdir(), 'ledgerline-nats-copy-'));
  deployment = await RunningDeployment.start(PARTITIONS);
}, 400_000);

afterAll(async () => {
  await deployment?.end();
  rmSync(copy, { recursive: true, force: true });
  rmSync(REPORT, { force: true });
}, 200_000);

async function send(ledger: Ledger, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 50) {
    const ids = Array.from({ length: Math.min(50, left) }, () => `e${sent++}`);
    await eventually(() => deployment.send(ids), { timeoutMs: 20_000 });
    ledger.record(ids);
  }
}

async function sendAgain(...ledgers: Ledger[]): Promise<void> {
  for (const { ids } of ledgers) for (let at = 0; at < ids.size; at += 50) await deployment.send([...ids].slice(at, at + 50));
}

const totalOf = (...ledgers: Ledger[]): [number, number] => [ledgers.reduce((sum, { ids }) => sum + ids.size, 0), ledgers.reduce((sum, { tokens }) => sum + tokens, 0)];
const settledAt = (...ledgers: Ledger[]): Promise<void> =>
  eventually(async () => expect(await deployment.totals()).toEqual({ rows: totalOf(...ledgers), sums: totalOf(...ledgers) }), { timeoutMs: 30_000 });
const costs = (): Promise<string> => deployment.clickhouse.query("SELECT id, cost_usd, price_book_version, model, usage_mask, input_tokens, occurred_at FROM usage_events ORDER BY id");
const alerts = async (): Promise<string[]> => {
  const answer = await fetch(`${deployment.url('alerting')}/v1/alerts`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
  return ((await answer.json()) as { data: { id: string }[] }).data.map(({ id }) => id).sort();
};
const readyz = async (name: ServiceName): Promise<string> => (await fetch(`${deployment.url(name)}/readyz`)).text();

describe('recover', () => {
  let alertsBefore: string[];
  let costsBefore: string;

  it('does nothing where nothing is lost', async () => {
    const answer = await fetch(`${deployment.url('quota')}/v1/quotas`, { method: 'POST', headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' }, body: JSON.stringify({ customer_id: 'acme', metric: 'tokens', limit: 5_000 }) });
    expect([answer.status, await answer.text()]).toEqual([201, expect.any(String)]);
    await send(early, 300);
    await settledAt(early);
    await eventually(async () => expect(await alerts()).toHaveLength(2));
    expect(await deployment.cli('recover', '--yes')).toEqual({ code: 0, output: expect.stringContaining('Nothing is lost') });
    await settledAt(early);
  }, 200_000);

  it('a broker with older data stops every consumer, which says what to run', async () => {
    await deployment.nats.kill9();
    cpSync(deployment.nats.dataDir, copy, { recursive: true });
    await deployment.nats.restart();
    await send(copied, 200);
    await settledAt(early, copied);
    // What this proves and seals goes beyond what will be left of the log.
    expect(await deployment.cli('audit')).toMatchObject({ code: 0 });
    alertsBefore = await alerts();
    costsBefore = await costs();
    // From here on only the quota sums see what is counted.
    await deployment.stopServices(['aggregation']);
    await send(uncopied, 100);
    await eventually(async () => expect((await deployment.totals()).sums).toEqual(totalOf(early, copied, uncopied)), { timeoutMs: 30_000 });

    await deployment.nats.kill9();
    rmSync(join(deployment.nats.dataDir, 'jetstream'), { recursive: true });
    cpSync(join(copy, 'jetstream'), join(deployment.nats.dataDir, 'jetstream'), { recursive: true });
    await deployment.nats.restart();
    await eventually(async () => expect(await readyz('quota')).toContain('npm run cli -- recover'), { timeoutMs: 20_000 });
    await eventually(async () => expect(await readyz('pricing')).toContain('npm run cli -- recover'), { timeoutMs: 20_000 });
    // Ingest cannot know: what it is given now lies at sequences that other events had.
    await send(later, 60);
  }, 400_000);

  it('changes nothing unasked', async () => {
    await deployment.stopServices();
    const before = await deployment.totals();
    expect(await deployment.cli('recover')).toEqual({ code: 1, output: expect.stringContaining('Nothing was changed') });
    expect(await deployment.totals()).toEqual(before);
  }, 200_000);

  it('opens a generation, also behind an attempt that was cut short, and reports exactly what is gone', async () => {
    const nc = await connectNats(deployment.nats.url, 'an attempt that was cut short');
    await openGeneration(nc, { generation: 2, partitions: PARTITIONS, maxBytes: 256 * 1024 ** 2 });
    await publishEnvelope(jetstream(nc), streamOf('USAGE', 2, 0).subject, Buffer.from('half'), { timeoutMs: 5_000 });
    await nc.close();

    const { code, output } = await deployment.cli('recover', '--yes');
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('Set GENERATION=2') });
    const report = JSON.parse(readFileSync(REPORT, 'utf8')) as RecoveryFileContent;
    const sum = (pick: (numbers: Readonly<Record<string, string | null>>) => string | null | undefined): number => report.gone!.reduce((all, { numbers }) => all + Number(pick(numbers)), 0);
    expect([sum(({ event_count }) => event_count), sum(({ tokens }) => tokens)]).toEqual(totalOf(uncopied));
    const of = (pick: (partition: RecoveryFileContent['partitions'][number]) => number): number => report.partitions.reduce((all, partition) => all + pick(partition), 0);
    expect([of(({ restored_events }) => restored_events), of(({ carried_events }) => carried_events)]).toEqual([copied.ids.size, later.ids.size]);
    expect(report.partitions.map(({ gone }) => gone !== null)).toEqual([true, true]);
    expect(output).toContain('GONE');
  }, 400_000);

  it('counts everything that survived once, at the price it had, and alerts nobody again', async () => {
    deployment.env['GENERATION'] = '2';
    await deployment.startServices();
    await settledAt(early, copied, later);
    const surviving = (await costs()).split('\n').filter((line) => !later.ids.has(line.split('\t')[0]!)).join('\n');
    expect(surviving).toBe(costsBefore);
    expect(await alerts()).toEqual(alertsBefore);
  }, 400_000);

  it('counts what is gone when it is sent again, and nothing else', async () => {
    await sendAgain(early, copied, uncopied, later);
    await settledAt(early, copied, uncopied, later);
    expect(await deployment.clickhouse.query('SELECT uniqExact(usage_id) = count() FROM usage_events')).toBe('1\n');
    expect(await alerts()).toEqual(alertsBefore);
  }, 200_000);

  it('leaves books that the audit proves over both generations, and any row that is missing from the closed one is named', async () => {
    const everything = totalOf(early, copied, uncopied, later)[0];
    expect(await deployment.cli('audit')).toEqual({ code: 0, output: expect.stringMatching(/Exact: .* the quota sums and the summaries\..*Generation 1, closed by a recovery, was audited as well: \d+ events, walked from its beginning\./s) });
    expect(await deployment.cli('audit')).toEqual({ code: 0, output: expect.stringMatching(/Exact: .*Generation 1, closed by a recovery, was audited as well: \d+ events count, as the baseline sealed at/s) });
    const { code, output } = await deployment.cli('audit', '--full', '--json');
    const report = JSON.parse(output) as { closed_generations: { generation: number; coverage: string }[]; outcomes: { priced: string; unpriced: string }; partitions: { generation: number; rows: string }[] };
    expect([code, report.closed_generations]).toEqual([0, [expect.objectContaining({ generation: 1, coverage: 'whole', streams_gone: false })]]);
    expect(Number(report.outcomes.priced) + Number(report.outcomes.unpriced)).toBe(everything);
    expect(report.partitions.map(({ generation }) => generation)).toEqual([1, 1, 2, 2]);
    expect(await deployment.cli('audit', '--since', '1h')).toMatchObject({ code: 0 });

    const id = (await deployment.clickhouse.query('SELECT min(usage_id) FROM usage_events WHERE source_generation = 1 AND source_partition = 1')).trim();
    await deployment.clickhouse.query(`CREATE TABLE lost_row ENGINE = MergeTree ORDER BY () AS SELECT * FROM usage_events WHERE usage_id = '${id}'`);
    await deployment.clickhouse.query(`ALTER TABLE usage_events DELETE WHERE usage_id = '${id}' SETTINGS mutations_sync = 2`);
    expect(await deployment.cli('audit', '--full')).toEqual({ code: 1, output: expect.stringMatching(/DIFFERENT: ClickHouse rows, generation 1, partition 1, .*: event_count should be (\d+) but is/) });
    expect(await deployment.cli('audit')).toEqual({ code: 1, output: expect.stringContaining('DIFFERENT: Summaries, customer "acme"') });
    await deployment.clickhouse.query('INSERT INTO usage_events SELECT * FROM lost_row');
    expect(await deployment.cli('audit', '--full')).toMatchObject({ code: 0 });
  }, 200_000);

  it('can be run again, and says the same', async () => {
    const before = readFileSync(REPORT, 'utf8');
    deployment.env['GENERATION'] = '1';
    expect(await deployment.cli('recover', '--yes')).toMatchObject({ code: 0 });
    deployment.env['GENERATION'] = '2';
    expect(readFileSync(REPORT, 'utf8')).toBe(before);
    await settledAt(early, copied, uncopied, later);
    expect(await deployment.cli('rebuild', 'quota')).toMatchObject({ code: 0, output: expect.stringContaining('the same') });
    expect(await deployment.cli('rebuild', 'clickhouse')).toMatchObject({ code: 0, output: expect.stringContaining('the same') });
  }, 400_000);

  it('is audited on the baseline of the closed generation when its streams are gone, and without one only by rows, which the audit says', async () => {
    expect(await deployment.cli('audit')).toMatchObject({ code: 0 });
    const nc = await connectNats(deployment.nats.url, 'somebody who tidies up');
    const jsm = await jetstreamManager(nc);
    for (let partition = 0; partition < PARTITIONS; partition++) for (const kind of ['USAGE', 'PRICED'] as const) await jsm.streams.delete(streamOf(kind, 1, partition).stream);
    await nc.close();
    const onBaseline = /Exact: .* the quota sums and the summaries\..*streams of it are gone, and \d+ events count, as the baseline sealed at/s;
    expect(await deployment.cli('audit')).toEqual({ code: 0, output: expect.stringMatching(onBaseline) });
    expect(await deployment.cli('audit', '--full')).toEqual({ code: 0, output: expect.stringMatching(onBaseline) });
    await deployment.postgres.query('DROP SCHEMA audit CASCADE');
    expect(await deployment.cli('audit')).toEqual({ code: 0, output: expect.stringMatching(/Exact in this range: .*streams of it are gone, and 0 events were walked, not from its beginning\./s) });
    deployment.env['GENERATION'] = '1';
    expect(await deployment.cli('audit')).toEqual({ code: 2, output: expect.stringContaining('set GENERATION=2') });
  }, 200_000);
});

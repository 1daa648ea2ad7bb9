import { jetstream } from '@nats-io/jetstream';
import { DeltaKind, Outcome, type PricedRun, pricedSubject, usageSubject } from '@ledgerline/contracts';
import { formatUsd } from '@ledgerline/kernel';
import { connectNats, ensureStreams, type NatsConnection, publishEnvelope } from '@ledgerline/messaging';
import { CorrectedEvent, correctionRunOf, type EventSpec, freshClickhouse, type FreshClickhouse, freshDatabase, type FreshDatabase, freshNats, type FreshNats, pricedBytes, RECORDED_AT_US, runOf, type RunningService, startService } from '@ledgerline/testing';

const KEY = 'admin-key-of-the-lists-spec';
const HOUR_US = 3_600_000_000;
const IN_A_MESSAGE = 240;

/** An event as a list should show it. */
export interface ListedEvent {
  usageId: string;
  spec: EventSpec;
  state: 'priced' | 'unpriced' | 'voided';
  /** US dollars; null while unknown. */
  costUsd: string | null;
  corrected: boolean;
}

/** The n-th event: values that are shared by many, so that orders have ties, and some that are not known. */
function eventOf(n: number, customer: string): EventSpec {
  return {
    id: `${customer}-${n}`,
    customer,
    provider: ['openai', 'anthropic', 'a,b'][n % 3]!,
    model: `m-${n % 5}`,
    project: n % 4 === 0 ? 'search' : '',
    user: `u-${n % 7}`,
    operation: n % 2 === 0 ? 'chat' : 'embed',
    endpoint: n % 6 === 0 ? '/v1/chat' : '',
    context: n % 10 === 0 ? 'system' : 'customer',
    transactionId: n % 9 === 0 ? `tx-${n}` : '',
    serviceTier: n % 8 === 0 ? 'flex' : '',
    status: n % 11 === 0 ? 'error' : 'ok',
    errorCode: n % 11 === 0 ? 'rate_limited' : '',
    apiKey: `key-${n % 3}`,
    latencyMs: n % 5 === 0 ? -1 : n % 4,
    tags: n % 3 === 0 ? { team: `t${n % 4}`, 'a.b': '' } : {},
    requestMetadata: n % 13 === 0 ? '{"text":"a \\"quoted\\", line\\nand =1+1"}' : '',
    clientCost: n % 14 === 0 ? '0.000000000003' : '',
    occurredAtUs: RECORDED_AT_US - (n % 20) * HOUR_US - (n % 2),
    usage: { input_tokens: 9_007_199_254_740_000 + (n % 900), seconds: `${n}.000000001` },
    outcome: n % 7 === 3 ? Outcome.unpriced : Outcome.priced,
    costPico: 10n ** 20n * BigInt(n % 6) + BigInt(n % 2),
  };
}

/** A read API over events of two customers, of which some have been corrected and some voided. */
export class ListsRig {
  readonly events: ListedEvent[] = [];
  clickHouse!: FreshClickhouse;
  api!: string;
  readonly key = KEY;
  private nats!: FreshNats;
  private database!: FreshDatabase;
  private nc!: NatsConnection;
  private sequence = 0;
  private readonly services: RunningService[] = [];

  async start(): Promise<void> {
    [this.nats, this.database, this.clickHouse] = await Promise.all([freshNats(), freshDatabase(), freshClickhouse()]);
    this.nc = await connectNats(this.nats.url, 'lists-spec');
    await ensureStreams(this.nc, { generation: 1, partitions: 1, maxBytes: 64 * 1024 ** 2, kinds: ['USAGE', 'PRICED', 'QUOTA'] });
    const environment = { NATS_URL: this.nats.url, DATABASE_URL: this.database.url, CLICKHOUSE_URL: this.clickHouse.url, PARTITIONS: '1', AGGREGATION_SHARDS: '1', STREAM_MAX_BYTES: String(64 * 1024 ** 2), ADMIN_KEY: KEY };
    for (const name of ['accounts', 'aggregation', 'read-api']) this.services.push(await startService(name, environment));
    this.api = this.services.at(-1)!.url;
  }

  async stop(): Promise<void> {
    await Promise.all(this.services.map((service) => service.stop()));
    await this.nc?.close();
    await Promise.all([this.nats?.stop(), this.database?.drop(), this.clickHouse?.drop()]);
  }

  /** Records events, then corrects every sixth and voids every thirteenth, and waits until all is stored. */
  async fill(customer: string, count: number): Promise<void> {
    for (let from = 0; from < count; from += IN_A_MESSAGE) await this.fillSome(customer, from, Math.min(count, from + IN_A_MESSAGE));
    const { status, data } = await this.json(`/v1/summaries?customer_id=${customer}&consistency=strong`);
    if (status !== 200 || data[0]!['event_count'] !== this.events.filter(({ spec, state }) => spec.customer === customer && state !== 'voided').length) throw new Error(`what was recorded is not there: ${status}`);
  }

  private async fillSome(customer: string, from: number, to: number): Promise<void> {
    const specs = Array.from({ length: to - from }, (_, i) => eventOf(from + i, customer));
    const run = runOf(0, ++this.sequence, specs);
    const corrected = specs.map((spec, n) => new CorrectedEvent(run.usageIds[n]!, spec));
    const deltas = corrected.flatMap((event, n) => {
      if (n % 13 === 5) return event.voided(`void-${from + n}`);
      return n % 6 === 1 ? event.becomes(DeltaKind.adjusted, `fix-${from + n}`, { status: 'error', outcome: n % 12 === 1 ? Outcome.unpriced : Outcome.priced, costPico: 5n, usage: { output_tokens: n } }) : [];
    });
    const corrections = [...new Map(deltas.map((delta) => [delta.correctionId, { id: delta.correctionId, usageId: delta.usageId, customer }])).values()];
    await this.record([run, correctionRunOf(0, ++this.sequence, corrections, deltas)]);
    corrected.forEach(({ usageId, state }, n) => {
      const unpriced = state?.outcome === Outcome.unpriced;
      this.events.push({ usageId, spec: state ?? specs[n]!, state: state === null ? 'voided' : unpriced ? 'unpriced' : 'priced', costUsd: state === null ? '0' : unpriced ? null : formatUsd(state.costPico!), corrected: deltas.some((delta) => delta.usageId === usageId) });
    });
  }

  /** Records events that conflict with others and are held back. */
  async hold(count: number): Promise<void> {
    const specs = Array.from({ length: count }, (_, n): EventSpec => ({ id: `held-${n}`, customer: 'held', outcome: Outcome.quarantined, reason: { code: 'conflict', detail: `another, "${n}"` } }));
    await this.record([runOf(0, ++this.sequence, specs)]);
  }

  fetch(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.api}${path}`, { headers: { authorization: `Bearer ${KEY}`, ...headers } });
  }

  async json(path: string): Promise<{ data: Record<string, unknown>[]; next_cursor: string | null; link: string | null; status: number } & Record<string, unknown>> {
    const answer = await this.fetch(path);
    return { status: answer.status, link: answer.headers.get('link'), ...((await answer.json()) as { data: Record<string, unknown>[]; next_cursor: string | null }) };
  }

  /** Follows `rel="next"` to the end. */
  async pages(path: string): Promise<Record<string, unknown>[]> {
    const all: Record<string, unknown>[] = [];
    for (let next: string | undefined = path; next !== undefined; ) {
      const { status, data, link, next_cursor: cursor } = await this.json(next);
      if (status !== 200) throw new Error(`${next} was answered ${status}`);
      all.push(...data);
      next = /<([^>]*)>; rel="next"/.exec(link ?? '')?.[1];
      if ((next === undefined) !== (cursor === null)) throw new Error(`${path}: the Link header and next_cursor disagree`);
    }
    return all;
  }

  private async record(runs: PricedRun[]): Promise<void> {
    for (const run of runs) await publishEnvelope(jetstream(this.nc), usageSubject(1, 0), run.usage, { timeoutMs: 5_000 });
    await publishEnvelope(jetstream(this.nc), pricedSubject(1, 0), pricedBytes(0, runs), { timeoutMs: 5_000 });
  }
}

import { type PricedRun, QuotaEventSchema } from '@ledgerline/contracts';
import { Changes, SYSTEM } from '@ledgerline/administration';
import { type Metric, quotaTerms } from '@ledgerline/domain-quota';
import { type PartitionBatch } from '@ledgerline/messaging';
import { createKysely, createPool, migrate } from '@ledgerline/postgres';
import { fromBinary } from '@bufbuild/protobuf';
import { type Kysely, sql } from 'kysely';
import { loadCheckpoints } from '../src/adapters/postgres-checkpoints.js';
import { PostgresQuotaStore } from '../src/adapters/postgres-quota-store.js';
import { type QuotaDatabase } from '../src/adapters/quota-database.js';
import { CountUsage } from '../src/application/count-usage.js';
import { SetQuota } from '../src/application/set-quota.js';
import { readPriced } from '../src/consumers/read-priced.js';
import { migrations } from '../src/quota.module.js';
import { envelopeOf, runOf, type TestEvent } from './priced-feed.js';

export const PARTITIONS = 4;
/** Held events in an hour that are announced. */
export const QUARANTINE_THRESHOLD = 10;
export const clock = { nowMs: () => Date.parse('2023-11-20T00:00:00Z') };
export const nothing = () => undefined;

/** The quota service's use cases on an empty database, without a broker. */
export class CountingFixture {
  private constructor(
    readonly db: Kysely<QuotaDatabase>,
    readonly store: PostgresQuotaStore,
    readonly changes: Changes,
  ) {}

  static async create(databaseUrl: string): Promise<CountingFixture> {
    const db = createKysely<QuotaDatabase>(createPool(databaseUrl, { max: 12, applicationName: 'test' }));
    await migrate(db, { schema: 'quota', migrations });
    await loadCheckpoints(db, 1, [0, 1, 2, 3]);
    for (let unit = 0; unit < PARTITIONS; unit++) {
      await sql`insert into quota.leases (scope, unit, owner, epoch) values ('priced', ${unit}, 'test', 1)`.execute(db);
    }
    return new CountingFixture(db, new PostgresQuotaStore({ db, generation: 1, leaseScope: 'priced' }), new Changes(db as Kysely<unknown>, { schema: 'quota' }));
  }

  async end(): Promise<void> {
    await this.db.destroy();
  }

  copy(): Copy {
    return new Copy(this.db, this.store);
  }

  setQuota(customerId: string, metric: Metric, limit: string, scope: { provider?: string; model?: string } = {}): Promise<string> {
    const terms = quotaTerms(metric, limit);
    if (!terms.ok) throw new Error('bad terms');
    const wanted = { customerId, metric, provider: scope.provider ?? null, model: scope.model ?? null, terms: terms.value };
    return this.changes.make(SYSTEM, (change) => new SetQuota(this.store, clock, nothing).execute(wanted, change));
  }

  /** The decisions about a customer's quotas that wait in the outbox, in order. */
  async decisionsOf(customer: string): Promise<string[]> {
    const rows = await this.db.selectFrom('quota.outbox').select('payload').orderBy('id').execute();
    return rows.flatMap(({ payload }) => {
      const { event } = fromBinary(QuotaEventSchema, payload);
      if (event.case !== 'thresholdCrossed' && event.case !== 'thresholdUncrossed') return [];
      const { crossing } = event.value;
      if (crossing?.customerId !== customer) return [];
      return [
        `${event.case === 'thresholdCrossed' ? 'crossed' : 'uncrossed'} v${crossing.limitVersion} ${crossing.thresholdPercent}% #${crossing.crossingNumber} at ${crossing.value} of ${crossing.limit} in ${crossing.periodStart}`,
      ];
    });
  }
}

/** A copy of the service that counts some partitions. */
export class Copy {
  private readonly counting: CountUsage;

  constructor(
    private readonly db: Kysely<QuotaDatabase>,
    store: PostgresQuotaStore,
  ) {
    this.counting = new CountUsage(store, clock, QUARANTINE_THRESHOLD);
  }

  async count(partition: number, events: TestEvent[], epoch = 1): Promise<void> {
    await this.countRuns(partition, (source) => [runOf(source, partition, events)], epoch);
  }

  async countAt(partition: number, events: TestEvent[], at: { sequence: number; sourceSequence: number }, epoch = 1): Promise<void> {
    await this.countRunsAt(partition, [runOf(at.sourceSequence + 1, partition, events)], at, epoch);
  }

  /** Counts runs in one batch, behind what was counted before. @param runsFrom makes them, given the first one's source sequence */
  async countRuns(partition: number, runsFrom: (sourceSequence: number) => PricedRun[], epoch = 1): Promise<void> {
    const stored = (await loadCheckpoints(this.db, 1, [partition])).get(partition)!;
    await this.countRunsAt(partition, runsFrom(stored.sourceSequence + 1), stored, epoch);
  }

  private async countRunsAt(partition: number, runs: PricedRun[], at: { sequence: number; sourceSequence: number }, epoch: number): Promise<void> {
    const sequence = at.sequence + 1;
    const batch: PartitionBatch = {
      unit: null,
      messages: [{ partition, sequence, timestampUs: 0, subject: '', data: envelopeOf(partition, runs) }],
      epochs: new Map([[partition, epoch]]),
      heads: new Map([[partition, { sequence, streamId: 'now', messageDigest: 'd', highestSeen: sequence }]]),
    };
    const { tally, moves, heldByHour } = readPriced(batch, 1, new Map([[partition, at]]));
    await this.counting.execute({ generation: 1, epochs: batch.epochs, moves, tally, heldByHour });
  }
}

import { type Difference, Positions } from '@ledgerline/rebuild';
import { type Kysely, sql, type Transaction } from 'kysely';
import { parseMonth, type MonthNumber } from '@ledgerline/domain-quota';
import { decideWindows } from '../application/decide-windows.js';
import { type QuotaWindow } from '../application/ports.js';
import { type HeldSums, type SumsBeside } from '../application/rebuild-sums.js';
import { type UsageTally } from '../application/usage-tally.js';
import { announceStanding } from './announce-standing.js';
import { positions } from './postgres-checkpoints.js';
import { GATE, PostgresQuotaTransaction } from './postgres-quota-store.js';
import { addSums, SUM_NAMES, USAGE_SUMS } from './postgres-usage-sums.js';
import { type QuotaDatabase } from './quota-database.js';
import { SumRowIds } from './sum-row-ids.js';

const BESIDE = 'quota.usage_sums_rebuild';
const KEY = ['customer_id', 'period_start', 'provider', 'model'] as const;
const MOST_PLACES = 200;
/** A rebuild waits this long for the batches in flight. */
const HOLD_TIMEOUT_MS = 60_000;

const key = sql.join(KEY.map((name) => sql.ref(name)));
const names = sql.join(SUM_NAMES.map((name) => sql.ref(name)));
/** A row of zeros says the same as none. */
const numbersOf = (side: string) => sql`array[${sql.join(SUM_NAMES.map((name) => sql`trim_scale(coalesce(${sql.ref(`${side}.${name}`)}, 0)::numeric)`))}]`;
const BOTH = sql`${sql.table(USAGE_SUMS)} s full join ${sql.table(BESIDE)} r using (${key})`;
const DIFFERS = sql`${numbersOf('s')} <> ${numbersOf('r')}`;

/** The sums beside in a table of the service's own schema, which exists while a rebuild runs. */
export class PostgresSumsBeside implements SumsBeside {
  private rowIds = new SumRowIds();

  constructor(
    private readonly db: Kysely<QuotaDatabase>,
    private readonly generation: number,
    private readonly leaseScope: string,
  ) {}

  /** Unlogged: a crash of the server empties it, and then the rebuild has failed anyway. */
  async create(): Promise<void> {
    await this.drop();
    await sql`create unlogged table ${sql.table(BESIDE)} (like ${sql.table(USAGE_SUMS)} including all)`.execute(this.db);
  }

  async drop(): Promise<void> {
    await sql`drop table if exists ${sql.table(BESIDE)}`.execute(this.db);
    this.rowIds = new SumRowIds();
  }

  async add(tally: UsageTally): Promise<void> {
    this.rowIds.learn(await addSums(this.db, tally, this.rowIds, BESIDE));
  }

  counted(): Promise<Positions> {
    return countedIn(this.db);
  }

  hold<T>(work: (held: HeldSums) => Promise<T>): Promise<T> {
    return this.db.transaction().execute(async (trx) => {
      await sql`select set_config('lock_timeout', ${String(HOLD_TIMEOUT_MS)}, true)`.execute(trx);
      await sql`select pg_advisory_xact_lock(${GATE})`.execute(trx);
      return work(new PostgresHeldSums(trx, this.generation, this.leaseScope));
    });
  }
}

class PostgresHeldSums implements HeldSums {
  constructor(
    private readonly trx: Transaction<QuotaDatabase>,
    private readonly generation: number,
    private readonly leaseScope: string,
  ) {}

  counted(): Promise<Positions> {
    return countedIn(this.trx);
  }

  async differences(): Promise<Difference[]> {
    const { rows } = await sql<{ customer: string; month: string; provider: string; model: string; in_use: string[]; from_log: string[] }>`
      select customer_id as customer, to_char(period_start, 'YYYY-MM') as month, provider, model, ${numbersOf('s')}::text[] as in_use, ${numbersOf('r')}::text[] as from_log
      from ${BOTH} where ${DIFFERS} order by ${key} limit ${MOST_PLACES}`.execute(this.trx);
    return rows.flatMap(({ customer, month, provider, model, in_use, from_log }) =>
      SUM_NAMES.flatMap((field, i) =>
        in_use[i] === from_log[i] ? [] : [{ where: `customer "${customer}", ${month}, ${provider}/${model}`, field, inUse: in_use[i]!, fromLog: from_log[i]! }],
      ),
    );
  }

  async takeOver(decidedAtUs: number): Promise<void> {
    const { rows } = await sql<{ customer: string; month: string }>`
      select distinct customer_id as customer, period_start::text as month from ${BOTH} where ${DIFFERS}`.execute(this.trx);
    await sql`delete from ${sql.table(USAGE_SUMS)} s where not exists (select from ${sql.table(BESIDE)} r where (${keyOf('r')}) = (${keyOf('s')}))`.execute(this.trx);
    await sql`
      insert into ${sql.table(USAGE_SUMS)} as s (${key}, ${names}) select ${key}, ${names} from ${sql.table(BESIDE)} r
      where not exists (select from ${sql.table(USAGE_SUMS)} s where (${keyOf('s')}) = (${keyOf('r')}) and ${numbersOf('s')} = ${numbersOf('r')})
      on conflict (${key}) do update set ${sql.join(SUM_NAMES.map((name) => sql`${sql.ref(name)} = ${sql.ref(`excluded.${name}`)}`))}`.execute(this.trx);
    await this.decide(rows, decidedAtUs);
  }

  async standAt(generation: number, counted: ReadonlyMap<number, { sequence: number; sourceSequence: number }>): Promise<void> {
    for (const [partition, { sequence, sourceSequence }] of counted) {
      await sql`
        insert into quota.checkpoints (generation, partition, sequence, source_sequence, highest_seen)
        values (${generation}, ${partition}, ${sequence}, ${sourceSequence}, ${sequence})
        on conflict (generation, partition) do update set sequence = excluded.sequence, source_sequence = excluded.source_sequence,
          stream_id = '', message_digest = '', highest_seen = excluded.highest_seen`.execute(this.trx);
    }
  }

  async announceAgain(decidedAtUs: number): Promise<void> {
    await announceStanding(this.trx, decidedAtUs);
  }

  /** What the corrected sums come to is decided at once: no later batch may touch these customers again. */
  private async decide(changed: readonly { customer: string; month: string }[], decidedAtUs: number): Promise<void> {
    const months = new Map<string, MonthNumber[]>();
    for (const { customer, month } of changed) months.set(customer, [...(months.get(customer) ?? []), parseMonth(month)!]);
    const transaction = new PostgresQuotaTransaction(this.trx, { db: this.trx, generation: this.generation, leaseScope: this.leaseScope }, new SumRowIds(), []);
    const quotas = await transaction.lockQuotasOf([...months.keys()]);
    const windows = quotas.flatMap((quota) => months.get(quota.customerId)!.map((month): QuotaWindow => ({ quota, month })));
    await decideWindows(transaction, windows, { decidedAtUs, positions: await transaction.positions() });
  }
}

const keyOf = (side: string) => sql.join(KEY.map((name) => sql.ref(`${side}.${name}`)));

async function countedIn(db: Kysely<QuotaDatabase>): Promise<Positions> {
  return Positions.from(await positions(db));
}

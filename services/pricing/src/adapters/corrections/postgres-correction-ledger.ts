import { type Kysely, sql, type Transaction } from 'kysely';
import { type CorrectionLedger, type LedgerChanges, LedgerMovedError } from '../../application/corrections/correction-ledger.js';
import { digestOf } from '../../application/corrections/decide-corrections.js';
import { emptyRecord, type EventRecord } from '../../application/corrections/event-record.js';
import { type RestartedLedgers } from '../../application/corrections/rebuild-ledger.js';
import { fromParked, fromRow, toParked, toRow } from './mapping.js';
import { type PricingDatabase } from './pricing-database.js';

/** The ledger of one partition in the schema `pricing`. */
export class PostgresCorrectionLedger implements CorrectionLedger {
  constructor(
    private readonly db: Kysely<PricingDatabase>,
    private readonly generation: number,
    private readonly partition: number,
  ) {}

  async progress(): Promise<number> {
    const row = await this.db
      .selectFrom('pricing.correction_progress')
      .select('priced_sequence')
      .where('generation', '=', this.generation)
      .where('partition', '=', this.partition)
      .executeTakeFirst();
    return Number(row?.priced_sequence ?? 0);
  }

  async awaited(): Promise<string[]> {
    const rows = await this.db
      .selectFrom('pricing.parked_corrections')
      .select('usage_id')
      .distinct()
      .where('generation', '=', this.generation)
      .where('partition', '=', this.partition)
      .execute();
    return rows.map((row) => row.usage_id);
  }

  async find(usageIds: readonly string[]): Promise<Map<string, EventRecord>> {
    const ids = [...usageIds];
    return this.db.transaction().setIsolationLevel('repeatable read').execute(async (trx) => {
      const records = new Map<string, EventRecord>();
      const record = (usageId: string): EventRecord => {
        const known = records.get(usageId) ?? emptyRecord();
        records.set(usageId, known);
        return known;
      };
      for (const row of await trx.selectFrom('pricing.corrected_events').selectAll().where('usage_id', 'in', ids).execute()) record(row.usage_id).event = fromRow(row);
      for (const row of await trx.selectFrom('pricing.seen_corrections').selectAll().where('usage_id', 'in', ids).execute()) record(row.usage_id).seen.set(row.correction_id, row.digest);
      for (const row of await trx.selectFrom('pricing.parked_corrections').selectAll().where('usage_id', 'in', ids).orderBy('ordinal').execute()) record(row.usage_id).parked.push(fromParked(row.envelope));
      return records;
    });
  }

  async save(from: number, to: number, changes: LedgerChanges): Promise<void> {
    await this.db.transaction().execute(async (trx) => {
      await this.move(trx, from, to);
      for (const [usageId, event] of changes.events) await upsertEvent(trx, usageId, event);
      for (const { usageId, correctionId, digest } of changes.seen) await remember(trx, usageId, correctionId, digest);
      for (const { usageId, correction } of changes.parked) {
        await trx
          .insertInto('pricing.parked_corrections')
          .values({ usage_id: usageId, correction_id: correction.correctionId, generation: this.generation, partition: this.partition, envelope: toParked(this.generation, this.partition, correction) })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }
      for (const usageId of changes.arrived) await this.unpark(trx, usageId);
    });
  }

  private async move(trx: Transaction<PricingDatabase>, from: number, to: number): Promise<void> {
    const { generation, partition } = this;
    if (from === 0) {
      await trx
        .insertInto('pricing.correction_progress')
        .values({ generation, partition, priced_sequence: 0 })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    const { numUpdatedRows } = await trx
      .updateTable('pricing.correction_progress')
      .set({ priced_sequence: to })
      .where('generation', '=', generation)
      .where('partition', '=', partition)
      .where('priced_sequence', '=', from)
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) throw new LedgerMovedError(partition);
  }

  /** What waited has been decided: it is remembered like any other correction. */
  private async unpark(trx: Transaction<PricingDatabase>, usageId: string): Promise<void> {
    const rows = await trx.deleteFrom('pricing.parked_corrections').where('usage_id', '=', usageId).returning(['correction_id', 'envelope']).execute();
    for (const row of rows) await remember(trx, usageId, row.correction_id, digestOf(fromParked(row.envelope)));
  }
}

async function upsertEvent(trx: Transaction<PricingDatabase>, usageId: string, event: Parameters<typeof toRow>[1]): Promise<void> {
  const { usage_id, ...state } = toRow(usageId, event);
  await trx
    .insertInto('pricing.corrected_events')
    .values({ usage_id, ...state })
    .onConflict((conflict) => conflict.column('usage_id').doUpdateSet(state).where(sql.ref('corrected_events.version'), '<=', event.net.version))
    .execute();
}

async function remember(trx: Transaction<PricingDatabase>, usageId: string, correctionId: string, digest: string): Promise<void> {
  await trx
    .insertInto('pricing.seen_corrections')
    .values({ usage_id: usageId, correction_id: correctionId, digest })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export class PostgresCorrectionLedgers implements RestartedLedgers {
  constructor(private readonly db: Kysely<PricingDatabase>) {}

  async clear(): Promise<void> {
    await sql`truncate pricing.corrected_events, pricing.seen_corrections, pricing.parked_corrections, pricing.correction_progress`.execute(this.db);
  }

  async carryParked(generation: number): Promise<void> {
    await this.db.updateTable('pricing.parked_corrections').set({ generation }).where('generation', '<', generation).execute();
  }

  open(generation: number, partition: number): CorrectionLedger {
    return new PostgresCorrectionLedger(this.db, generation, partition);
  }
}

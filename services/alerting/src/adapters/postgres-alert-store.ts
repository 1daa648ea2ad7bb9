import { type AlertState, type AlertSubject } from '@ledgerline/domain-alerting';
import { type Checkpoint } from '@ledgerline/messaging';
import { QUOTA_STREAM } from '@ledgerline/contracts';
import { fenceLease } from '@ledgerline/postgres';
import { type Kysely, sql, type Transaction } from 'kysely';
import { type AlertNews } from '../application/alert-news.js';
import {
  type AlertStore,
  type AlertTransaction,
  type AlertUpdate,
  CheckpointMovedError,
  type CheckpointMove,
  type GrownQuarantine,
  type QuotaCrossing,
  subjectKey,
} from '../application/ports.js';
import { alertId, growthAlertId } from './alert-id.js';
import { type AlertingDatabase } from './alerting-database.js';
import { growthToHistoryRow, growthToRow } from './growth-mapping.js';
import { alertToRow, type AlertStateRow, historyToRow, stateFromRow } from './mapping.js';
import { queueMails } from './postgres-mail-outbox.js';

/** Rows written by one statement; a statement has room for 65,535 parameters. */
const CHUNK = 1_000;

export class PostgresAlertStore implements AlertStore {
  constructor(
    private readonly db: Kysely<AlertingDatabase>,
    private readonly leaseScope: string,
  ) {}

  transact<T>(work: (transaction: AlertTransaction) => Promise<T>): Promise<T> {
    return this.db.transaction().execute((db) => work(new PostgresAlertTransaction(db, this.leaseScope)));
  }

  /** The position in QUOTA; made at 0 where there is none. */
  async loadCheckpoint(): Promise<Checkpoint> {
    await this.db
      .insertInto('alerting.checkpoints')
      .values({ stream: QUOTA_STREAM, sequence: 0, stream_id: '', message_digest: '', highest_seen: 0 })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const row = await this.db.selectFrom('alerting.checkpoints').selectAll().where('stream', '=', QUOTA_STREAM).executeTakeFirstOrThrow();
    return {
      sequence: Number(row.sequence),
      streamId: row.stream_id,
      messageDigest: row.message_digest,
      highestSeen: Number(row.highest_seen),
    };
  }
}

/** One of the store's transactions, or another one that does what they do. */
export class PostgresAlertTransaction implements AlertTransaction {
  constructor(
    private readonly db: Transaction<AlertingDatabase>,
    private readonly leaseScope: string,
  ) {}

  async fence(epochs: ReadonlyMap<number, number>): Promise<void> {
    for (const [unit, epoch] of epochs) await fenceLease(this.db, 'alerting', this.leaseScope, unit, epoch);
  }

  async moveCheckpoint(move: CheckpointMove): Promise<void> {
    const { numUpdatedRows } = await this.db
      .updateTable('alerting.checkpoints')
      .set({
        sequence: move.sequence,
        stream_id: move.streamId,
        message_digest: move.messageDigest,
        highest_seen: move.highestSeen,
        updated_at: sql`now()`,
      })
      .where('stream', '=', QUOTA_STREAM)
      .where('sequence', '=', move.fromSequence)
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) throw new CheckpointMovedError(move.fromSequence);
  }

  async unknown(crossings: readonly QuotaCrossing[]): Promise<QuotaCrossing[]> {
    const ids = crossings.map((crossing) => crossing.eventId);
    const { rows } = await sql<{ event_id: string }>`select event_id from alerting.alert_history where event_id = any(${ids})`.execute(
      this.db,
    );
    const known = new Set(rows.map((row) => row.event_id));
    return crossings.filter((crossing) => !known.has(crossing.eventId));
  }

  async alertsOf(subjects: readonly AlertSubject[]): Promise<Map<string, AlertState>> {
    const keys = new Map(subjects.map((subject) => [alertId(subject), subjectKey(subject)]));
    const { rows } = await sql<AlertStateRow & { id: string }>`
      select id, status, crossing_number, trim_scale(value)::text as value, raised_at, reopened_count, resolved_at
      from alerting.alerts where id = any(${[...keys.keys()]}::uuid[]) order by id for update`.execute(this.db);
    return new Map(rows.map((row) => [keys.get(row.id)!, stateFromRow(row)]));
  }

  async save(updates: readonly AlertUpdate[]): Promise<void> {
    const history = updates.map(historyToRow);
    for (let i = 0; i < history.length; i += CHUNK)
      await this.db
        .insertInto('alerting.alert_history')
        .values(history.slice(i, i + CHUNK))
        .execute();
    // Only where each alert ends: one statement cannot write a row twice.
    const alerts = [
      ...new Map(
        updates.flatMap(({ crossing, state }) => (state ? [[subjectKey(crossing), alertToRow(crossing, state)] as const] : [])),
      ).values(),
    ];
    for (let i = 0; i < alerts.length; i += CHUNK) await this.upsert(alerts.slice(i, i + CHUNK));
  }

  async raiseGrowths(growths: readonly GrownQuarantine[]): Promise<GrownQuarantine[]> {
    const rows = [...new Map(growths.map((growth) => [growthAlertId(growth.hourStartUs), growth]))];
    const raised = await this.db
      .insertInto('alerting.alerts')
      .values(rows.map(([, growth]) => growthToRow(growth)))
      .onConflict((conflict) => conflict.constraint('alerts_hour').doNothing())
      .returning('id')
      .execute();
    const ids = new Set(raised.map(({ id }) => id));
    const news = rows.flatMap(([id, growth]) => (ids.has(id) ? [growth] : []));
    if (news.length > 0) await this.db.insertInto('alerting.alert_history').values(news.map(growthToHistoryRow)).execute();
    return news;
  }

  queueMails(news: readonly AlertNews[], nowMs: number): Promise<void> {
    return queueMails(this.db, news, nowMs);
  }

  private async upsert(alerts: ReturnType<typeof alertToRow>[]): Promise<void> {
    await this.db
      .insertInto('alerting.alerts')
      .values(alerts)
      .onConflict((conflict) =>
        conflict.constraint('alerts_subject').doUpdateSet((row) => ({
          limit_value: row.ref('excluded.limit_value'),
          value: row.ref('excluded.value'),
          status: row.ref('excluded.status'),
          crossing_number: row.ref('excluded.crossing_number'),
          raised_at: row.ref('excluded.raised_at'),
          reopened_count: row.ref('excluded.reopened_count'),
          resolved_at: row.ref('excluded.resolved_at'),
        })),
      )
      .execute();
  }
}

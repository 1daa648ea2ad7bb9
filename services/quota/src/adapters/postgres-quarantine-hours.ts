import { type QuarantineHour } from '@ledgerline/domain-quota';
import { type Kysely, sql } from 'kysely';
import { arrayLiteral } from './array-literal.js';
import { type QuotaDatabase } from './quota-database.js';

/** Adds a batch's counts, hour by hour in one order, and returns what the hours then hold. */
export async function addHeldEvents(db: Kysely<QuotaDatabase>, heldByHour: ReadonlyMap<number, number>): Promise<QuarantineHour[]> {
  const hours = [...heldByHour].sort(([a], [b]) => a - b);
  const { rows } = await sql<QuarantineHour>`
    insert into quota.quarantine_hours as h (hour_start, held_events)
    select to_timestamp(v.hour_start_us / 1000000), v.held_events
    from unnest(${arrayLiteral(hours.map(([hour]) => hour))}::bigint[], ${arrayLiteral(hours.map(([, count]) => count))}::bigint[]) as v (hour_start_us, held_events)
    on conflict (hour_start) do update set held_events = h.held_events + excluded.held_events
    returning (extract(epoch from hour_start) * 1000000)::bigint as "hourStartUs", held_events as "heldEvents", announced`.execute(db);
  return rows.map(({ hourStartUs, heldEvents, announced }) => ({ hourStartUs: Number(hourStartUs), heldEvents: Number(heldEvents), announced }));
}

export async function markAnnounced(db: Kysely<QuotaDatabase>, hourStartsUs: readonly number[]): Promise<void> {
  await sql`
    update quota.quarantine_hours set announced = true
    where hour_start = any(select to_timestamp(hour_start_us / 1000000) from unnest(${arrayLiteral(hourStartsUs)}::bigint[]) as hour_start_us)`.execute(db);
}

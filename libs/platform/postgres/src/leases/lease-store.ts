import { escapeIdentifier, type PoolClient } from 'pg';

export interface LeaseScope {
  schema: string;
  scope: string;
  units: number;
  instanceId: string;
  ttlMs: number;
}

export interface LeaseRow {
  unit: number;
  epoch: number;
}

/** Members this long silent are forgotten, in multiples of the ttl. */
const FORGET_AFTER_TTLS = 20;

/** The statements of the lease protocol. All times are Postgres's; `clock_timestamp()`, as `now()` would be the start of a wait. */
export class LeaseStore {
  private readonly leases: string;
  private readonly members: string;

  constructor(private readonly of: LeaseScope) {
    this.leases = `${escapeIdentifier(of.schema)}.leases`;
    this.members = `${escapeIdentifier(of.schema)}.lease_members`;
  }

  /** Makes the rows of units that have none. */
  async ensureUnits(client: PoolClient): Promise<void> {
    await client.query(
      `insert into ${this.leases} (scope, unit) select $1, generate_series(0, $2::int - 1) on conflict do nothing`,
      [this.of.scope, this.of.units],
    );
  }

  /** Says that this copy lives; answers how many do. */
  async beat(client: PoolClient): Promise<number> {
    const { scope, instanceId, ttlMs } = this.of;
    await client.query(
      `insert into ${this.members} as m (scope, instance, application_name, backend_pid, heartbeat_at)
       values ($1, $2, current_setting('application_name'), pg_backend_pid(), clock_timestamp())
       on conflict (scope, instance) do update
         set application_name = excluded.application_name, backend_pid = excluded.backend_pid, heartbeat_at = excluded.heartbeat_at`,
      [scope, instanceId],
    );
    const { rows } = await client.query<{ live: number }>(
      `with forgotten as (
         delete from ${this.members} where scope = $1 and heartbeat_at < clock_timestamp() - $2::float8 * ${FORGET_AFTER_TTLS} * interval '1 ms')
       select count(*)::int as live from ${this.members} where scope = $1 and heartbeat_at > clock_timestamp() - $2::float8 * interval '1 ms'`,
      [scope, ttlMs],
    );
    return rows[0]!.live;
  }

  /** Heartbeats of units believed held; answers those that still are, at the very epoch. */
  async renew(client: PoolClient, believed: ReadonlyMap<number, number>): Promise<number[]> {
    if (believed.size === 0) return [];
    const { rows } = await client.query<{ unit: number }>(
      `update ${this.leases} l set heartbeat_at = clock_timestamp(), backend_pid = pg_backend_pid()
       from unnest($3::int[], $4::bigint[]) as mine (unit, epoch)
       where l.scope = $1 and l.owner = $2 and l.unit = mine.unit and l.epoch = mine.epoch
       returning l.unit`,
      [this.of.scope, this.of.instanceId, [...believed.keys()], [...believed.values()]],
    );
    return rows.map((row) => row.unit);
  }

  /**
   * Ends the connections of owners whose heartbeat is stale, as far as they are inside a transaction or were the ones that beat: a
   * frozen process would otherwise hold its row locks for ever and block whoever takes over. Answers the owners.
   */
  async endStaleOwners(client: PoolClient): Promise<string[]> {
    const { scope, ttlMs, instanceId } = this.of;
    const { rows } = await client.query<{ owner: string }>(
      `with stale as (
         select distinct l.owner, l.backend_pid, m.application_name
         from ${this.leases} l left join ${this.members} m on m.scope = l.scope and m.instance = l.owner
         where l.scope = $1 and l.owner <> $3 and l.heartbeat_at < clock_timestamp() - $2::float8 * interval '1 ms'),
       ended as (
         select s.owner, pg_terminate_backend(a.pid) as done
         from stale s join pg_stat_activity a
           on a.pid <> pg_backend_pid() and a.usename = current_user and a.datname = current_database()
          and a.application_name = s.application_name and (a.pid = s.backend_pid or a.xact_start is not null))
       select distinct s.owner from stale s left join ended e on e.owner = s.owner`,
      [scope, ttlMs, instanceId],
    );
    return rows.map((row) => row.owner);
  }

  /** Takes up to `limit` units that are free, stale, or left by an earlier life of this copy; each gets a new epoch. */
  async claim(client: PoolClient, limit: number, believed: ReadonlyMap<number, number>): Promise<LeaseRow[]> {
    const { scope, instanceId, ttlMs, units } = this.of;
    const { rows } = await client.query<{ unit: number; epoch: string | number }>(
      `update ${this.leases} l
       set owner = $2, epoch = l.epoch + 1, backend_pid = pg_backend_pid(), heartbeat_at = clock_timestamp()
       from (
         select unit from ${this.leases}
         where scope = $1 and unit < $4
           and (owner is null or heartbeat_at < clock_timestamp() - $3::float8 * interval '1 ms' or owner = $2)
           and unit <> all ($6::int[])
         order by unit limit $5
         for update skip locked) as free
       where l.scope = $1 and l.unit = free.unit
       returning l.unit, l.epoch`,
      [scope, instanceId, ttlMs, units, limit, [...believed.keys()]],
    );
    return rows.map((row) => ({ unit: row.unit, epoch: Number(row.epoch) }));
  }

  /** Gives units back; the epoch stays, so the next owner's is higher. */
  async release(client: PoolClient, units: readonly number[]): Promise<void> {
    await client.query(`update ${this.leases} set owner = null, backend_pid = null where scope = $1 and owner = $2 and unit = any ($3::int[])`, [
      this.of.scope,
      this.of.instanceId,
      units,
    ]);
  }

  /** Gives all back and is no longer a member. */
  async leave(client: PoolClient): Promise<void> {
    const { scope, instanceId } = this.of;
    await client.query(`update ${this.leases} set owner = null, backend_pid = null where scope = $1 and owner = $2`, [scope, instanceId]);
    await client.query(`delete from ${this.members} where scope = $1 and instance = $2`, [scope, instanceId]);
  }
}

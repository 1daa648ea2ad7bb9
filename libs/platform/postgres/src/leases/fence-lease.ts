import { sql, type Transaction } from 'kysely';

/** The lease moved on: what this transaction was about to write is another owner's business now. */
export class LeaseLostError extends Error {
  readonly code = 'lease_lost';

  constructor(
    readonly scope: string,
    readonly unit: number,
    readonly epoch: number,
  ) {
    super(`lease ${scope}/${unit} no longer carries epoch ${epoch}`);
    this.name = 'LeaseLostError';
  }
}

/**
 * Ties a transaction to a lease: until it ends nobody can take the unit over, so all it writes was written by the owner. The lock
 * is FOR KEY SHARE: it holds off a takeover, which locks FOR UPDATE, but not the owner's own heartbeat.
 *
 * @throws LeaseLostError when the unit carries another epoch
 */
export async function fenceLease<DB>(trx: Transaction<DB>, schema: string, scope: string, unit: number, epoch: number): Promise<void> {
  const { rows } = await sql`
    select 1 from ${sql.id(schema, 'leases')}
    where scope = ${scope} and unit = ${unit} and epoch = ${epoch} and owner is not null
    for key share`.execute(trx);
  if (rows.length === 0) throw new LeaseLostError(scope, unit, epoch);
}

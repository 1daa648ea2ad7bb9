import { fenceLease, type LeaseManager, LeaseLostError } from '@ledgerline/postgres';
import { type Kysely } from 'kysely';
import { NotOwnerError, type Ownership } from '../application/ownership.js';

/** Asks the lease row in Postgres. A unit is a partition. */
export class PostgresOwnership<DB> implements Ownership {
  constructor(
    private readonly db: Kysely<DB>,
    private readonly schema: string,
    private readonly scope: string,
    private readonly leases: Pick<LeaseManager, 'held'>,
  ) {}

  async assertOwned(partition: number): Promise<void> {
    const epoch = this.leases.held().get(partition);
    if (epoch === undefined) throw new NotOwnerError(partition);
    try {
      await this.db.transaction().execute((trx) => fenceLease(trx, this.schema, this.scope, partition, epoch));
    } catch (error) {
      if (error instanceof LeaseLostError) throw new NotOwnerError(partition);
      throw error;
    }
  }
}

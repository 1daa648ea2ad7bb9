import { type Kysely, sql } from 'kysely';
import { type Actor } from './actor.js';
import { type Change, RunningChange } from './change.js';

/** Where the administrative changes of a service are made. */
export class Changes {
  constructor(private readonly db: Kysely<unknown>) {}

  /** Runs work in one transaction on somebody's behalf; commits when it resolves, and only then. */
  async make<T>(by: Actor, work: (change: Change) => Promise<T>): Promise<T> {
    const { result, change } = await this.db.transaction().execute(async (transaction) => {
      await sql`
        select set_config('ledgerline.actor_type', ${by.type}, true), set_config('ledgerline.actor', ${by.id}, true),
          set_config('ledgerline.trace_id', ${by.traceId ?? ''}, true)`.execute(transaction);
      const running = new RunningChange(transaction);
      return { result: await work(running), change: running };
    });
    change.committed();
    return result;
  }
}

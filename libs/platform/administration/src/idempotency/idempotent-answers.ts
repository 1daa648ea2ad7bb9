import { hash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { type Actor } from '../actor.js';
import { openText, sealText } from './sealed-text.js';

/** A request that may be sent again. */
export interface Repeatable {
  readonly by: Pick<Actor, 'type' | 'id'>;
  /** Its Idempotency-Key. */
  readonly key: string;
  readonly fingerprint: string;
}

/** What is known of a request: nothing; that the key was used for another one; its answer; or that it was done, but the answer cannot be had any more. */
export type Known = { readonly kind: 'new' | 'other' | 'lost' } | { readonly kind: 'answered'; readonly answer: string };

const KEPT = sql`interval '24 hours'`;
/** Old ones that are deleted with each new one. */
const SWEEP = 100;
const LOCK_NOT_AVAILABLE = '55P03';

/** Another request with this key did not end in time. */
export class KeyInUseError extends Error {
  constructor() {
    super('a request with this key is under way');
    this.name = 'KeyInUseError';
  }
}

/** The kept answers of one schema, in one transaction: they are there when what they tell of is. */
export class IdempotentAnswers {
  constructor(
    private readonly db: Kysely<unknown>,
    private readonly schema: string,
    /** undefined: nothing can be sealed, so what would have to be is not kept. */
    private readonly secret: string | undefined,
  ) {}

  /** Claims the key until the transaction ends; whoever else asks for it waits so long. @throws KeyInUseError after `waitMs` */
  async claim({ by, key, fingerprint }: Repeatable, waitMs: number): Promise<Known> {
    const { table } = this;
    const row = sql`(caller_type, caller, key_hash) = (${by.type}, ${by.id}, ${hashOf(key)})`;
    await sql`select set_config('lock_timeout', ${String(waitMs)}, true)`.execute(this.db);
    try {
      await sql`delete from ${table} where ${row} and made_at < now() - ${KEPT}`.execute(this.db);
      const claimed = await sql`
        insert into ${table} (caller_type, caller, key_hash, fingerprint) values (${by.type}, ${by.id}, ${hashOf(key)}, ${fingerprint})
        on conflict do nothing`.execute(this.db);
      if (claimed.numAffectedRows === 1n) {
        await this.sweep();
        return { kind: 'new' };
      }
    } catch (error) {
      throw (error as { code?: unknown }).code === LOCK_NOT_AVAILABLE ? new KeyInUseError() : error;
    } finally {
      await sql`set local lock_timeout to default`.execute(this.db).catch(() => undefined);
    }
    const { rows } = await sql<Kept>`select fingerprint, answer, sealed from ${table} where ${row}`.execute(this.db);
    // It grew too old in between.
    if (rows[0] === undefined) throw new KeyInUseError();
    return this.read(rows[0], { by, key, fingerprint });
  }

  /** Keeps the answer of what was claimed. @param secret whether it has something in it that must not be kept as it is */
  async keep({ by, key, fingerprint }: Repeatable, answer: string, secret: boolean): Promise<void> {
    const sealed = secret && this.secret !== undefined ? sealText(answer, { secret: this.secret, key, of: fingerprint }) : null;
    await sql`
      update ${this.table} set answer = ${secret ? null : answer}, sealed = ${sealed}
      where (caller_type, caller, key_hash) = (${by.type}, ${by.id}, ${hashOf(key)})`.execute(this.db);
  }

  private read({ fingerprint, answer, sealed }: Kept, asked: Repeatable): Known {
    if (fingerprint !== asked.fingerprint) return { kind: 'other' };
    const opened = sealed !== null && this.secret !== undefined ? openText(sealed, { secret: this.secret, key: asked.key, of: fingerprint }) : answer;
    return opened === null ? { kind: 'lost' } : { kind: 'answered', answer: opened };
  }

  private async sweep(): Promise<void> {
    await sql`
      delete from ${this.table} where (caller_type, caller, key_hash) in (
        select caller_type, caller, key_hash from ${this.table} where made_at < now() - ${KEPT} order by made_at limit ${SWEEP} for update skip locked)`.execute(this.db);
  }

  private get table() {
    return sql.id(this.schema, 'idempotent_answers');
  }
}

interface Kept {
  readonly fingerprint: string;
  readonly answer: string | null;
  readonly sealed: Buffer | null;
}

const hashOf = (key: string): string => hash('sha256', key, 'hex');

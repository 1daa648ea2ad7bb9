import { ProblemError } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';
import { type Kysely, sql } from 'kysely';
import { type Actor, actorOf } from './actor.js';
import { type Change, RunningChange, transactionOf } from './change.js';
import { fingerprintOf, idempotencyKey } from './idempotency/idempotency-key.js';
import { IdempotentAnswers, KeyInUseError, type Known } from './idempotency/idempotent-answers.js';

export interface ChangesOptions {
  /** Where the service keeps its tables. */
  readonly schema: string;
  /** Seals answers that must not be kept as they are; without it those cannot be given a second time. The same in every copy of the service. */
  readonly sealingSecret?: string;
  /** How long a repeat waits for the first; 10,000 unless told. */
  readonly waitMs?: number;
}

const WAIT_MS = 10_000;

/** Where the administrative changes of a service are made. */
export class Changes {
  constructor(
    private readonly db: Kysely<unknown>,
    private readonly options: ChangesOptions,
  ) {}

  /** Runs work in one transaction on somebody's behalf; commits when it resolves, and only then. */
  async make<T>(by: Actor, work: (change: Change) => Promise<T>): Promise<T> {
    const { result, change } = await this.db.transaction().setIsolationLevel('read committed').execute(async (transaction) => {
      await sql`
        select set_config('ledgerline.actor_type', ${by.type}, true), set_config('ledgerline.actor', ${by.id}, true),
          set_config('ledgerline.trace_id', ${by.traceId ?? ''}, true)`.execute(transaction);
      const running = new RunningChange(transaction);
      return { result: await work(running), change: running };
    });
    change.committed();
    return result;
  }

  /**
   * Makes a change that a request asks for, once for its Idempotency-Key, if it has one: the same again gets the same answer for 24 hours, and
   * changes nothing. What was refused is judged anew.
   *
   * @param answersWithSecret whether the answer has something in it that must not be kept as it is
   * @throws ProblemError 400 for a key that is none, 409 while or when the answer cannot be given, 422 for a key that another request had
   */
  async once<T extends object>(request: FastifyRequest, work: (change: Change) => Promise<T>, answersWithSecret = false): Promise<T> {
    const by = actorOf(request);
    const key = idempotencyKey(request);
    if (key === undefined) return this.make(by, work);
    const { schema, sealingSecret, waitMs = WAIT_MS } = this.options;
    const asked = { by, key, fingerprint: fingerprintOf(request) };
    return this.make(by, async (change) => {
      const answers = new IdempotentAnswers(transactionOf(change), schema, sealingSecret);
      const known = await answers.claim(asked, waitMs).catch(explain);
      if (known.kind !== 'new') return JSON.parse(answerOf(known)) as T;
      const answer = await work(change);
      await answers.keep(asked, JSON.stringify(answer), answersWithSecret);
      return answer;
    });
  }
}

function answerOf(known: Known): string {
  if (known.kind === 'answered') return known.answer;
  if (known.kind === 'other') throw new ProblemError(422, 'idempotency_key_reused', 'This Idempotency-Key was sent with another request; a new request needs a new key.');
  throw new ProblemError(409, 'idempotent_answer_lost', 'This request was carried out before, but its answer had a secret in it that cannot be opened any more. Make another one.');
}

function explain(error: unknown): never {
  if (error instanceof KeyInUseError) throw new ProblemError(409, 'idempotency_key_in_use', 'A request with this Idempotency-Key is under way; send it again for its answer.', undefined, { 'retry-after': '1' });
  throw error;
}

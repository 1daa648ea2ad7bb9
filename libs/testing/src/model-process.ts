import { type Scheduler } from 'fast-check';

/** What a process of a model goes through; every number counts moments between its steps. */
export interface Fate {
  /** It is killed at this moment; Infinity: never. */
  readonly diesAt: number;
  /** At these moments an answer is lost: the process is told so, the request was carried out. */
  readonly losesAnswersAt: readonly number[];
}

/** A request was sent and no answer came: whether it was carried out, the process cannot know. */
export class AnswerLostError extends Error {
  constructor(what: string) {
    super(`no answer: ${what}`);
    this.name = 'AnswerLostError';
  }
}

/**
 * One process of a model. Whatever it asks of the outside arrives at a moment that the scheduler chooses, is carried out then, and is
 * answered at a later one. Between any two of these moments others act, or it dies: what it had sent still arrives, it hears of nothing
 * any more, and nothing that it holds in memory survives.
 */
export class ModelProcess {
  private moment = 0;
  private dead = false;

  /** @param onDeath what sees it die starts another one here */
  constructor(
    private readonly scheduler: Scheduler,
    readonly name: string,
    private readonly fate: Fate,
    private readonly onDeath: () => void,
  ) {}

  /** Asks the outside, which may take its time (`carryOut` goes on when this process is dead). Never settles once this process is dead. @throws what `carryOut` throws, AnswerLostError */
  async ask<T>(what: string, carryOut: () => T | Promise<T>): Promise<T> {
    await this.pass();
    await this.scheduler.schedule(Promise.resolve(), `${this.name}: ${what}`);
    let answer: T | undefined;
    let failure: unknown;
    try {
      answer = await carryOut();
    } catch (error) {
      failure = error;
    }
    await this.pass();
    await this.scheduler.schedule(Promise.resolve(), `${this.name} hears of: ${what}`);
    await this.pass();
    if (this.fate.losesAnswersAt.includes(this.moment)) throw new AnswerLostError(what);
    if (failure !== undefined) throw failure;
    return answer as T;
  }

  /** A moment at which it may die. Its work stops here when it is dead. */
  private async pass(): Promise<void> {
    if (!this.dead && ++this.moment >= this.fate.diesAt) {
      this.dead = true;
      this.onDeath();
    }
    if (this.dead) await new Promise(() => undefined);
  }
}

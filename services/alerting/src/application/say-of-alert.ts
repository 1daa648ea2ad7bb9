import { type Change } from '@ledgerline/administration';
import { type AlertState, type AlertStatement, decideStatement, type StatementKind } from '@ledgerline/domain-alerting';
import { type Clock } from '@ledgerline/kernel';

/** An alert as far as it matters to what is said of it. */
export interface SpokenOf {
  readonly state: AlertState;
  readonly customerId: string | null;
  /** What was said of it, about whichever crossing. */
  readonly said: readonly AlertStatement[];
}

/** A statement with all that is kept of it. */
export interface SignedStatement extends AlertStatement {
  readonly alertId: string;
  readonly customerId: string | null;
  /** Id of a key, or subject of a token. */
  readonly by: string;
  readonly note: string | null;
}

export interface AlertStatements {
  /** Undefined when there is no such alert. */
  load(alertId: string, change: Change): Promise<SpokenOf | undefined>;
  /** Keeps a statement; when the same was said of the crossing meanwhile, that one stays. */
  keep(statement: SignedStatement, change: Change): Promise<void>;
}

/** Marks an alert as seen or as dealt with. */
export class SayOfAlert {
  constructor(
    private readonly statements: AlertStatements,
    private readonly clock: Clock,
  ) {}

  /** False when there is no such alert. */
  async execute(kind: StatementKind, said: Pick<SignedStatement, 'alertId' | 'by' | 'note'>, change: Change): Promise<boolean> {
    const alert = await this.statements.load(said.alertId, change);
    if (alert === undefined) return false;
    const statement = decideStatement(kind, alert.state, alert.said, this.clock.nowMs() * 1000);
    if (statement !== undefined) await this.statements.keep({ ...statement, ...said, customerId: alert.customerId }, change);
    return true;
  }
}

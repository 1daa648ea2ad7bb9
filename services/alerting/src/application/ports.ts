import { type Change } from '@ledgerline/administration';
import { type AlertChange, type AlertState, type AlertStatus, type AlertSubject, type Crossing, type QuarantineGrowth, type StatementKind } from '@ledgerline/domain-alerting';
import { type AlertNews } from './alert-news.js';

/** A position in a PRICED stream. */
export interface Position {
  readonly generation: number;
  readonly partition: number;
  readonly sequence: number;
}

/** A crossing with everything that an alert shows. */
export interface QuotaCrossing extends Crossing {
  readonly customerId: string;
  readonly metric: string;
  /** null: of every provider. */
  readonly provider: string | null;
  /** null: of every model. */
  readonly model: string | null;
  /** Plain decimal text. */
  readonly limit: string;
  /** How far usage was counted when it was decided. */
  readonly positions: readonly Position[];
}

/** An hour's growth of the quarantine, with how far usage was counted when it was decided. */
export interface GrownQuarantine extends QuarantineGrowth {
  readonly positions: readonly Position[];
}

/** The QUOTA checkpoint on its way from where this batch began to where it ends. */
export interface CheckpointMove {
  readonly fromSequence: number;
  readonly sequence: number;
  readonly streamId: string;
  readonly messageDigest: string;
  readonly highestSeen: number;
}

/** What is to be stored for one crossing. */
export interface AlertUpdate {
  readonly crossing: QuotaCrossing;
  readonly change: AlertChange | undefined;
  /** The alert afterwards; undefined when nothing changed. */
  readonly state: AlertState | undefined;
}

/** Another writer moved the checkpoint; nothing may be committed. */
export class CheckpointMovedError extends Error {
  constructor(fromSequence: number) {
    super(`the checkpoint of QUOTA is not at ${fromSequence}, where this batch began`);
    this.name = 'CheckpointMovedError';
  }
}

/** One database transaction over alerts, their history and the position. */
export interface AlertTransaction {
  /** @throws LeaseLostError unless the unit is still held at that epoch */
  fence(epochs: ReadonlyMap<number, number>): Promise<void>;
  /** @throws CheckpointMovedError */
  moveCheckpoint(move: CheckpointMove): Promise<void>;
  /** Those of the crossings whose event_id is not in the history yet. */
  unknown(crossings: readonly QuotaCrossing[]): Promise<QuotaCrossing[]>;
  /** The alerts of subjects, by `subjectKey`, locked until the end. */
  alertsOf(subjects: readonly AlertSubject[]): Promise<Map<string, AlertState>>;
  save(updates: readonly AlertUpdate[]): Promise<void>;
  /** Raises an alert for each hour that has none; returns those raised. */
  raiseGrowths(growths: readonly GrownQuarantine[]): Promise<GrownQuarantine[]>;
  /** Has people told of raised alerts, each once. */
  queueMails(news: readonly AlertNews[], nowMs: number): Promise<void>;
}

export interface AlertStore {
  /** Runs work in one transaction; commits when it resolves, and only then. */
  transact<T>(work: (transaction: AlertTransaction) => Promise<T>): Promise<T>;
}

/** A text that two crossings share exactly when they are about the same alert. */
export const subjectKey = ({ quotaId, limitVersion, periodStart, thresholdPercent }: AlertSubject): string =>
  `${quotaId}/v${limitVersion}/${periodStart}/${thresholdPercent}`;

export const ALERT_KINDS = ['quota_threshold', 'quarantine_growth'] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** An alert as it is read. */
export interface AlertView {
  readonly id: string;
  readonly kind: AlertKind;
  /** These six, of an alert about a quota only. */
  readonly quotaId: string | null;
  readonly limitVersion: number | null;
  readonly customerId: string | null;
  readonly metric: string | null;
  readonly thresholdPercent: number | null;
  readonly periodStart: string | null;
  /** Of an alert about the quarantine only. */
  readonly hourStart: Date | null;
  readonly provider: string | null;
  readonly model: string | null;
  readonly limit: string;
  readonly value: string;
  /** As it stands: decided, or said by somebody. */
  readonly status: AlertStatus;
  readonly crossingNumber: number;
  readonly raisedAt: Date;
  readonly reopenedCount: number;
  /** Of the crossing that it is at. Who: id of a key, or subject of a token. */
  readonly acknowledgedAt: Date | null;
  readonly acknowledgedBy: string | null;
  readonly acknowledgedNote: string | null;
  readonly resolvedAt: Date | null;
  /** null: by what was decided of usage. */
  readonly resolvedBy: string | null;
  readonly resolvedNote: string | null;
}

/** One change of an alert, as its history keeps it. */
export interface AlertTransition {
  readonly change: AlertChange | StatementKind;
  readonly crossingNumber: number;
  /** Plain decimal text: the limit and the value when it was decided; of what somebody said, those of the crossing. */
  readonly limit: string;
  readonly value: string;
  readonly at: Date;
  /** Who said it; null: decided of usage. */
  readonly by: string | null;
  readonly note: string | null;
}

export interface AlertFilter {
  readonly kind?: AlertKind;
  readonly customerId?: string;
  readonly quotaId?: string;
  readonly status?: AlertStatus;
  /** Whether somebody has seen it, of the crossing that it is at. */
  readonly acknowledged?: boolean;
  /** Only alerts behind this one, in the order newest first. */
  readonly behind?: { readonly raisedAt: Date; readonly id: string };
  readonly limit: number;
}

export interface AlertReader {
  /** Newest first. */
  list(filter: AlertFilter): Promise<AlertView[]>;
  /** @param change whose transaction sees more than others do */
  find(id: string, change?: Change): Promise<AlertView | undefined>;
  /** In the order it happened; empty when there is no such alert. */
  historyOf(id: string): Promise<AlertTransition[]>;
}

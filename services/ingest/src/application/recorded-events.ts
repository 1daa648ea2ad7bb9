/** DI token of the {@link RecordedEvents}. */
export const RECORDED_EVENTS = Symbol('RECORDED_EVENTS');

/** An event as a reader finds it, with everything acknowledged before taken into account. */
export interface RecordedEvent {
  readonly customerId: string;
  /** `priced`, `unpriced` or `voided`; or what it was held back as. */
  readonly state: string;
  /** As the native API answers it. */
  readonly event: Readonly<Record<string, unknown>>;
}

/** What became of a correction. */
export interface CorrectionOutcome {
  readonly outcome: string;
  /** '' unless it was refused. */
  readonly code: string;
  readonly detail: string;
}

/** What is on record. Asked on behalf of a caller, whose rights decide what there is. */
export interface RecordedEvents {
  /** @throws RecordUnavailableError, NotOnRecordError, ReadingForbiddenError */
  find(usageId: string, caller: Caller): Promise<RecordedEvent>;
  /** null: no such correction of the event is on record. @throws like `find` */
  correction(usageId: string, correctionId: string, caller: Caller): Promise<CorrectionOutcome | null>;
}

/** How the caller showed who it is. */
export interface Caller {
  readonly headers: Readonly<Record<string, string>>;
}

/** There is no such event, or none that is still stored. */
export class NotOnRecordError extends Error {
  constructor(
    readonly forgotten: boolean,
    detail: string,
  ) {
    super(detail);
    this.name = 'NotOnRecordError';
  }
}

/** The reader did not answer, or cannot say yet. */
export class RecordUnavailableError extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = 'RecordUnavailableError';
  }
}

/** The caller may act on what is recorded but not see it, and what is acted on has to be looked at first. */
export class ReadingForbiddenError extends Error {
  constructor() {
    super('This API key does not allow reading what this is about: it also needs the scope read.');
    this.name = 'ReadingForbiddenError';
  }
}

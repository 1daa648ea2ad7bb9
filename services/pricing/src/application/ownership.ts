/** Another process has this partition now. */
export class NotOwnerError extends Error {
  constructor(partition: number) {
    super(`Partition ${partition} belongs to another worker`);
    this.name = 'NotOwnerError';
  }
}

/** Asks the lease itself, not this process's memory of it. */
export interface Ownership {
  /** Rejects with NotOwnerError when the partition's lease is no longer this process's. */
  assertOwned(partition: number): Promise<void>;
}

/** Memory for the newest identities of all partitions of a process, shared evenly among those that are open. */
export class MemoryBudget {
  private opened = 0;

  constructor(private readonly bytes: number) {}

  /** Bytes for each partition. */
  get share(): number {
    return this.bytes / Math.max(1, this.opened);
  }

  /** @returns gives the partition's share back */
  open(): () => void {
    this.opened++;
    return () => {
      this.opened--;
    };
  }
}

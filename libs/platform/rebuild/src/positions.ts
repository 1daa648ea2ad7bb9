/** A partition of the log, in the generation that it was opened with. */
export interface LogPartition {
  readonly generation: number;
  readonly partition: number;
}

/** A PRICED sequence for each partition of the log; 0 where nothing is said. */
export class Positions {
  private readonly sequences = new Map<string, { readonly of: LogPartition; readonly sequence: number }>();

  static from(entries: Iterable<LogPartition & { readonly sequence: number }>): Positions {
    const positions = new Positions();
    for (const { sequence, ...of } of entries) positions.set(of, sequence);
    return positions;
  }

  get(of: LogPartition): number {
    return this.sequences.get(keyOf(of))?.sequence ?? 0;
  }

  set({ generation, partition }: LogPartition, sequence: number): void {
    this.sequences.set(keyOf({ generation, partition }), { of: { generation, partition }, sequence });
  }

  entries(): { readonly of: LogPartition; readonly sequence: number }[] {
    return [...this.sequences.values()];
  }

  /** Messages that lie between `from` and these positions. */
  distanceFrom(from: Positions): number {
    return this.entries().reduce((sum, { of, sequence }) => sum + Math.max(0, sequence - from.get(of)), 0);
  }
}

const keyOf = ({ generation, partition }: LogPartition): string => `${generation}/${partition}`;

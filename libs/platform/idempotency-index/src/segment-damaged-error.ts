/** A file of the index is not as it was written. */
export class SegmentDamagedError extends Error {
  constructor(name: string, part: string) {
    super(`${name} is damaged: ${part}`);
    this.name = 'SegmentDamagedError';
  }
}

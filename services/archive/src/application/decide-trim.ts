import { type ArchivedFile, type Trimmed } from './ports.js';

export interface TrimQuestion {
  /** Archived files behind what is trimmed already, in order, contiguous. */
  files: readonly Pick<ArchivedFile, 'from' | 'to' | 'sourceTo' | 'pricedToUs'>[];
  /** By name, the last PRICED sequence that a reader has done with, or that a backup would be restored to. */
  readers: ReadonlyMap<string, number>;
  /** Messages younger than this stay. Microseconds since 1970. */
  olderThanUs: number;
  pricedLast: number;
  usageLast: number;
  trimmed: Trimmed;
}

/**
 * How far a partition's streams may be trimmed: whole files only, each archived, every message of it old enough and done with by every
 * reader. The last message of a stream always stays: PRICED's is pricing's only memory of how far it came.
 * @returns null when there is nothing to trim
 */
export function decideTrim({ files, readers, olderThanUs, pricedLast, usageLast, trimmed }: TrimQuestion): Trimmed | null {
  const done = Math.min(...readers.values());
  const stays = files.findIndex(({ to, pricedToUs }) => to > done || pricedToUs >= olderThanUs);
  const last = stays === -1 ? files.at(-1) : files[stays - 1];
  if (last === undefined) return null;
  const decided = {
    pricedBefore: Math.max(trimmed.pricedBefore, Math.min(last.to + 1, pricedLast)),
    usageBefore: Math.max(trimmed.usageBefore, Math.min(last.sourceTo + 1, usageLast)),
  };
  const nothing = decided.pricedBefore === trimmed.pricedBefore && decided.usageBefore === trimmed.usageBefore;
  return nothing ? null : decided;
}

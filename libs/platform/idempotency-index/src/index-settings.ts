import { type Disk } from './disk.js';
import { type MemoryBudget } from './memory-budget.js';
import { type PairCache } from './pair-cache.js';
import { type Turns } from './turns.js';

/** What the indexes of a process have in common. */
export interface IndexSettings {
  disk: Disk;
  windowHours: number;
  fanIn: number;
  maxRecords: number;
  budget: MemoryBudget;
  cache: PairCache;
  /** one merge at a time */
  merges: Turns;
  /** part of the names of this process's files, so that no other process writes a file of the same name */
  writer: string;
  /** told of what went wrong in the background and will be tried again */
  onWarning: (error: Error, partition: number) => void;
}

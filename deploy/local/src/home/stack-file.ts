import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** `stack.json` in the home: what the command line and the bench need to reach a running stack. */
export interface StackFile {
  /** Of the log; a recovery after lost messages opens the next one. */
  generation: number;
  /** Fixed for a generation: an identity's partition is its hash modulo this. */
  partitions: number;
  /** Fixed for the life of the data: how many sinks write to ClickHouse side by side. */
  aggregation_shards: number;
  nats_url: string;
  database_url: string;
  clickhouse_url: string;
  /** Relative to the home. */
  usage_id_key_file: string;
  ports: Record<string, number>;
  /** Process ids by part; a restart changes them here. */
  processes: Record<string, number>;
}

type Layout = Pick<StackFile, 'generation' | 'partitions' | 'aggregation_shards'>;

/** One sink keeps up with all that two cores can bring it, and its inserts are twice as large as those of two. */
const FIRST: Layout = { generation: 1, partitions: 4, aggregation_shards: 1 };

/** The layout that the home's data was written with; that of a new home otherwise. */
export function keptLayout(home: string): Layout {
  const file = join(home, 'stack.json');
  if (!existsSync(file)) return FIRST;
  const { generation, partitions, aggregation_shards } = JSON.parse(readFileSync(file, 'utf8')) as StackFile;
  return { generation, partitions, aggregation_shards };
}

/** Replaces it as a whole: a reader sees the old or the new one. Holds passwords, so mode 0600. */
export function writeStackFile(home: string, stack: StackFile): void {
  const file = join(home, 'stack.json');
  writeFileSync(`${file}.new`, `${JSON.stringify(stack, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

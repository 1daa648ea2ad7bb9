import { WholeStack } from '@ledgerline/local-stack';

/** A whole local stack with data of its own, started for the benchmark. */
export interface BenchStack {
  readonly adminKey: string;
  readonly natsUrl: string;
  readonly databaseUrl: string;
  readonly clickhouseUrl: string;
  readonly generation: number;
  readonly partitions: number;
  readonly ports: Readonly<Record<string, number>>;
  /** Process ids by part, as they are now. */
  processes(): Readonly<Record<string, number>>;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

/** Starts what `npm start` starts, on free ports with a temporary home. @throws with the end of its output when it does not come up */
export async function startBenchStack(): Promise<BenchStack> {
  const stack = new WholeStack('bench');
  try {
    await stack.start();
  } catch (error) {
    await stack.dispose();
    throw error;
  }
  const file = stack.file();
  return {
    adminKey: stack.adminKey,
    natsUrl: file.nats_url,
    databaseUrl: file.database_url,
    clickhouseUrl: file.clickhouse_url,
    generation: file.generation,
    partitions: file.partitions,
    ports: file.ports,
    processes: () => ({ ...stack.file().processes, supervisor: stack.supervisorPid }),
    stop: () => stack.dispose(),
  };
}

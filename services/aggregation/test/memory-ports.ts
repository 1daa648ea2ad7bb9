import { ClickHouseFault } from '@ledgerline/clickhouse';
import { type Checkpoint } from '@ledgerline/messaging';
import { LeaseLostError } from '@ledgerline/postgres';
import { type Scheduler } from 'fast-check';
import { type Range } from '../src/application/plan-ranges.js';
import { type Progress, type RangeLedger, type UsageStore } from '../src/application/ports.js';

/** A process that asks over a network, and may die in between. */
export interface Asking {
  ask<T>(what: string, carryOut: () => T | Promise<T>): Promise<T>;
}

/** Progress in memory, behind the epoch of one lease. */
export class MemoryRangeLedger {
  private readonly progress = new Map<number, Progress>();
  private epoch = 0;

  /** Whoever takes the lease is its only holder from then on. */
  acquire(): number {
    return ++this.epoch;
  }

  asSeenBy(process: Asking): RangeLedger {
    const record = (epoch: number, done: readonly Progress[]): void => {
      if (epoch !== this.epoch) throw new LeaseLostError('sink', 0, epoch);
      for (const one of done) this.record(one);
    };
    return {
      load: (partitions) => process.ask('load', () => partitions.flatMap((partition) => this.progress.get(partition) ?? [])),
      begin: (claim, _range, done) => process.ask('begin', () => record(claim.epoch, done.map((one) => ({ ...one })))),
      settle: (claim, done) => process.ask('settle', () => record(claim.epoch, done)),
    };
  }

  /** Only ever forward, as in the table. */
  private record(done: Progress): void {
    const before = this.progress.get(done.partition);
    const sequence = (checkpoint: Checkpoint | undefined): number => checkpoint?.sequence ?? 0;
    this.progress.set(done.partition, {
      partition: done.partition,
      sourceSequence: Math.max(before?.sourceSequence ?? 0, done.sourceSequence),
      recordedAtUs: done.recordedAtUs,
      checkpoint: sequence(done.checkpoint) > sequence(before?.checkpoint) ? done.checkpoint : before?.checkpoint,
    });
  }
}

/** What the table holds of one source message. */
export interface StoredSource {
  readonly partition: number;
  readonly sequence: number;
  readonly rows: number;
}

/**
 * ClickHouse in memory, with what it promises and no more: an insert decides what is missing when it starts, becomes visible as a whole
 * when it ends, and no second one of its id runs meanwhile. It goes on when whoever sent it is dead.
 */
export class MemoryUsageStore {
  readonly table: StoredSource[] = [];
  private running: { killed: boolean } | null = null;

  constructor(private readonly scheduler: Scheduler) {}

  asSeenBy(process: Asking): UsageStore {
    return {
      prepare: (_claim, range) => ({
        insert: () => process.ask('insert', () => this.insert(range)),
        stored: () => process.ask('stored', () => this.table.filter((row) => sourcesOf(range).some((one) => same(one, row))).reduce((sum, { rows }) => sum + rows, 0)),
      }),
      endInsert: () => process.ask('end the insert', () => this.endInsert()),
      quarantine: () => process.ask('quarantine', () => undefined),
      keepCorrections: () => process.ask('keep corrections', () => undefined),
    };
  }

  private async insert(range: Range): Promise<number> {
    if (this.running) throw new ClickHouseFault('query_id_in_use', 'a query of this id runs', 216);
    const query = { killed: false };
    this.running = query;
    const missing = sourcesOf(range).filter((one) => !this.table.some((row) => same(one, row)));
    await this.scheduler.schedule(Promise.resolve(), 'the insert ends');
    this.running = null;
    if (query.killed) throw new ClickHouseFault('killed', 'the query was killed', 394);
    this.table.push(...missing);
    return missing.reduce((sum, { rows }) => sum + rows, 0);
  }

  private async endInsert(): Promise<void> {
    const query = this.running;
    if (!query) return;
    query.killed = true;
    while (this.running === query) await this.scheduler.schedule(Promise.resolve(), 'is it over');
  }
}

const same = (one: StoredSource, other: StoredSource): boolean => one.partition === other.partition && one.sequence === other.sequence;

const sourcesOf = ({ runs }: Range): StoredSource[] => runs.filter(({ rows }) => rows > 0).map(({ partition, run, rows }) => ({ partition, sequence: run.sourceSequence, rows }));

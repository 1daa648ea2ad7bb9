import { decodePricedEnvelope } from '@ledgerline/contracts';
import { type BatchConsumer, type Checkpoint, type PartitionBatch } from '@ledgerline/messaging';
import { type Logger } from 'pino';
import { setTimeout as delay } from 'node:timers/promises';
import { collectCorrections } from './collect-corrections.js';
import { collectQuarantined } from './collect-quarantined.js';
import { insertRange } from './insert-range.js';
import { planRanges, type Range } from './plan-ranges.js';
import { type Claim, type Progress, type RangeLedger, type UsageStore } from './ports.js';

export interface SinkOptions {
  shards: number;
  ledger: RangeLedger;
  store: UsageStore;
  logger: Pick<Logger, 'info' | 'warn'>;
  /** Told of every range that is in the store. */
  onInserted?: (range: Range, inserts: number, elapsedMs: number) => void;
}

/** Most rows of one insert; one block and one part at any server setting in use. */
export const MAX_ROWS = 60_000;
/**
 * An insert of 6,000 rows costs twice the CPU time a row that one of 30,000 does, and more parts to merge (ADR 3):
 * a batch smaller than that is followed by a rest as long as it took itself, in which the next one grows. So inserts are small and
 * soon visible while the machine has time, and large when it has none. A few rows may follow each other a little faster.
 */
const FULL_ROWS = 30_000;
const FEW_ROWS = 500;
const FEW_INTERVAL_MS = 150;
const LEAST_INTERVAL_MS = 300;
const MOST_INTERVAL_MS = 450;
/** Under load the next batch records this one as done; if none comes, this is how long that waits. */
const SETTLE_AFTER_MS = 20;
const SETTLE_RETRY_MS = 500;

/** What one sink knows between batches. Replaced as a whole when the position is read again. */
class ShardState {
  readonly reached: Map<number, number>;
  /** In the store, not yet in the ledger. */
  readonly done = new Map<number, Progress>();
  settling: Promise<void> = Promise.resolve();
  timer: NodeJS.Timeout | undefined;

  constructor(progress: readonly Progress[]) {
    this.reached = new Map(progress.map(({ partition, sourceSequence }) => [partition, sourceSequence]));
  }

  finish(progress: Progress): void {
    this.reached.set(progress.partition, progress.sourceSequence);
    this.done.set(progress.partition, { ...progress, checkpoint: progress.checkpoint ?? this.done.get(progress.partition)?.checkpoint });
  }
}

/**
 * Takes PRICED into the store, each source message exactly once. A range is written down before it is sent, and recorded as done
 * together with the next one: one Postgres commit per insert.
 */
export class SinkBatches implements BatchConsumer {
  private readonly states = new Map<number, ShardState>();

  constructor(private readonly options: SinkOptions) {}

  /** Also forgets what was known of these partitions: after a failure only the ledger is believed. */
  async loadCheckpoints(partitions: number[]): Promise<Map<number, Checkpoint>> {
    const progress = await this.options.ledger.load(partitions);
    for (const shard of new Set(partitions.map((partition) => partition % this.options.shards))) {
      clearTimeout(this.states.get(shard)?.timer);
      this.states.set(shard, new ShardState(progress.filter(({ partition }) => partition % this.options.shards === shard)));
    }
    return new Map(progress.flatMap(({ partition, checkpoint }) => (checkpoint ? [[partition, checkpoint] as const] : [])));
  }

  /** One batch of one sink. Whatever it throws, the ledger and the store still tell the truth. */
  async handle(batch: PartitionBatch): Promise<void> {
    const startedAt = performance.now();
    const shard = batch.unit!;
    const claim: Claim = { shard, epoch: batch.epochs.get(shard)! };
    const state = this.states.get(shard);
    if (!state) throw new Error(`shard ${shard} was given a batch before its position was read`);
    clearTimeout(state.timer);
    await state.settling;
    const ranges = planRanges(batch.messages.map(({ data }) => decodePricedEnvelope(data)), state.reached, MAX_ROWS);
    for (const range of ranges) await this.sink(claim, state, range);
    for (const [partition, checkpoint] of batch.heads) {
      const known = state.done.get(partition);
      state.finish(known ? { ...known, checkpoint } : { partition, sourceSequence: state.reached.get(partition) ?? 0, recordedAtUs: null, checkpoint });
    }
    const rows = ranges.reduce((sum, range) => sum + range.rows, 0);
    if (rows >= FULL_ROWS) return this.settleSoon(claim, state, SETTLE_AFTER_MS);
    await this.settle(claim, state);
    const elapsedMs = performance.now() - startedAt;
    const restMs = Math.min(MOST_INTERVAL_MS, Math.max(rows < FEW_ROWS ? FEW_INTERVAL_MS : LEAST_INTERVAL_MS, 2 * elapsedMs)) - elapsedMs;
    if (restMs > 0 && rows > 0) await delay(restMs);
  }

  private async sink(claim: Claim, state: ShardState, range: Range): Promise<void> {
    const startedAt = performance.now();
    const { ledger, store, onInserted } = this.options;
    await ledger.begin(claim, range, [...state.done.values()]);
    state.done.clear();
    const held = collectQuarantined(range);
    if (held.length > 0) await store.quarantine(held);
    // Before the rows they make: whoever sees a corrected event finds its correction.
    const corrections = collectCorrections(range);
    if (corrections.length > 0) await store.keepCorrections(corrections);
    const inserts = await insertRange(store, claim, range);
    for (const { partition, run } of range.runs) state.finish({ partition, sourceSequence: run.sourceSequence, recordedAtUs: run.recordedAtUs });
    onInserted?.(range, inserts, performance.now() - startedAt);
  }

  private async settle(claim: Claim, state: ShardState): Promise<void> {
    if (state.done.size === 0) return;
    await this.options.ledger.settle(claim, [...state.done.values()]);
    state.done.clear();
  }

  private settleSoon(claim: Claim, state: ShardState, afterMs: number): void {
    state.timer = setTimeout(() => {
      state.settling = this.settle(claim, state).catch((error: Error) => {
        this.options.logger.warn({ err: error, ...claim }, 'what is done could not be recorded');
        if (error.name !== 'LeaseLostError' && this.states.get(claim.shard) === state) this.settleSoon(claim, state, SETTLE_RETRY_MS);
      });
    }, afterMs);
    state.timer.unref();
  }
}

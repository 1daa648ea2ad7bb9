import { type Checkpoint } from '@ledgerline/messaging';
import { type UsageMessage } from './decide-run.js';
import { type PricePartition } from './price-partition.js';

/** The partitions this process works on, each with its worker. Calls for one partition run one after another. */
export class PricePartitions {
  private readonly workers = new Map<number, PricePartition>();
  private readonly queues = new Map<number, Promise<unknown>>();

  constructor(private readonly create: (partition: number) => PricePartition) {}

  /** Finds where the partition stands. */
  recover(partition: number): Promise<Checkpoint> {
    return this.inTurn(partition, () => this.worker(partition).recover());
  }

  /** Decides messages of one partition and stores the outcomes. */
  price(partition: number, messages: readonly UsageMessage[], traceparent?: string): Promise<void> {
    return this.inTurn(partition, () => this.worker(partition).price(messages, traceparent));
  }

  /** Frees what a partition holds in memory: another process has it now. */
  release(partition: number): Promise<void> {
    return this.inTurn(partition, async () => {
      const worker = this.workers.get(partition);
      this.workers.delete(partition);
      await worker?.release();
    });
  }

  async releaseAll(): Promise<void> {
    await Promise.all([...this.workers.keys()].map((partition) => this.release(partition)));
  }

  /** Identities held in memory, by partition. */
  identities(): Map<number, number> {
    return new Map([...this.workers].map(([partition, worker]) => [partition, worker.identities]));
  }

  private worker(partition: number): PricePartition {
    const worker = this.workers.get(partition) ?? this.create(partition);
    this.workers.set(partition, worker);
    return worker;
  }

  private inTurn<T>(partition: number, work: () => Promise<T>): Promise<T> {
    const turn = (this.queues.get(partition) ?? Promise.resolve()).then(work, work);
    this.queues.set(
      partition,
      turn.catch(() => undefined),
    );
    return turn;
  }
}

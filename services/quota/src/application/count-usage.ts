import { type Clock } from '@ledgerline/kernel';
import { decideQuarantineHour, type MonthNumber } from '@ledgerline/domain-quota';
import { type UsageTally } from './usage-tally.js';
import { type DecisionMoment, decideWindows } from './decide-windows.js';
import { type CheckpointMove, type QuotaStore, type QuotaTransaction, type QuotaWindow } from './ports.js';

/** What a batch of priced usage adds, and where it leaves the checkpoints. */
export interface CountedBatch {
  readonly generation: number;
  readonly epochs: ReadonlyMap<number, number>;
  readonly moves: readonly CheckpointMove[];
  readonly tally: UsageTally;
  /** Events that were quarantined or late, by the hour (microseconds since the Unix epoch) in which they were recorded. */
  readonly heldByHour: ReadonlyMap<number, number>;
}

/** Customers kept in memory as known; past this the set starts anew and the table answers. */
const MOST_KNOWN_CUSTOMERS = 1_000_000;

/**
 * Counts a batch: sums, decisions and positions in one transaction, so that a batch is counted once or not at all.
 *
 * Two copies may count usage of one customer at the same moment. Each first adds its sums, then locks the customer's quotas, and only
 * then reads what the window adds up to: whoever locks last sees the other's sums, so no crossing is missed, and each decides on the
 * state that the other left, so none is announced twice.
 */
export class CountUsage {
  private readonly knownCustomers = new Set<string>();

  constructor(
    private readonly store: QuotaStore,
    private readonly clock: Clock,
    /** Held events in one hour that are worth an alert. */
    private readonly quarantineThreshold: number,
  ) {}

  /** Returns how many decisions were announced. @throws when nothing was committed, or it is unknown whether it was */
  async execute(batch: CountedBatch): Promise<number> {
    const unknown = batch.tally.customers.filter((customer) => !this.knownCustomers.has(customer));
    const decisions = await this.store.transact((transaction) => this.count(transaction, batch, unknown));
    if (this.knownCustomers.size > MOST_KNOWN_CUSTOMERS) this.knownCustomers.clear();
    for (const customer of unknown) this.knownCustomers.add(customer);
    return decisions;
  }

  private async count(transaction: QuotaTransaction, batch: CountedBatch, unknown: readonly string[]): Promise<number> {
    const { tally, moves, heldByHour } = batch;
    const positions = moves.map(({ partition, sequence }) => ({ generation: batch.generation, partition, sequence }));
    const moment = { decidedAtUs: this.clock.nowMs() * 1000, positions };
    await transaction.enterCounting();
    await transaction.fence(batch.epochs);
    await transaction.moveCheckpoints(moves);
    const counted = tally.rowCount > 0 ? await this.countTally(transaction, tally, unknown, moment) : 0;
    // Last: whoever waits for an hour's row holds everything else already, so nobody waits in a circle.
    return counted + (heldByHour.size > 0 ? await this.countHeld(transaction, heldByHour, moment) : 0);
  }

  private async countTally(transaction: QuotaTransaction, tally: UsageTally, unknown: readonly string[], moment: DecisionMoment): Promise<number> {
    const seen = unknown.length > 0 ? await transaction.rememberCustomers(unknown, moment.decidedAtUs) : [];
    await transaction.addSums(tally);
    const quotas = await transaction.lockQuotasOf(tally.customers);
    if (quotas.length === 0) return seen.length;
    const months = monthsByCustomer(tally, new Set(quotas.map((quota) => quota.customerId)));
    const windows = quotas.flatMap((quota) => [...(months.get(quota.customerId) ?? [])].map((month): QuotaWindow => ({ quota, month })));
    return seen.length + (await decideWindows(transaction, windows, moment));
  }

  private async countHeld(transaction: QuotaTransaction, heldByHour: ReadonlyMap<number, number>, moment: DecisionMoment): Promise<number> {
    const hours = await transaction.addHeldEvents(heldByHour);
    const growths = hours.flatMap((hour) => decideQuarantineHour(hour, this.quarantineThreshold) ?? []);
    if (growths.length > 0) await transaction.announceGrowth(growths, moment.decidedAtUs, moment.positions);
    return growths.length;
  }
}

function monthsByCustomer(tally: UsageTally, wanted: ReadonlySet<string>): Map<string, Set<MonthNumber>> {
  const months = new Map<string, Set<MonthNumber>>();
  for (let row = 0; row < tally.rowCount; row++) {
    const customer = tally.customers[tally.customerOf[row]!]!;
    if (!wanted.has(customer)) continue;
    const known = months.get(customer);
    if (known === undefined) months.set(customer, new Set([tally.monthOf[row]!]));
    else known.add(tally.monthOf[row]!);
  }
  return months;
}

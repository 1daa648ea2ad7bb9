import { setTimeout as delay } from 'node:timers/promises';
import { type WholeStack } from '@ledgerline/local-stack';
import { Corrector, CORRECTED_CUSTOMER } from './corrector.js';
import { Intruder } from './intruder.js';
import { Ledger } from './ledger.js';
import { Probe, PROBE_CUSTOMER } from './probe.js';
import { Producer } from './producer.js';

const PRODUCERS = 4;
const CUSTOMERS = 20;
/** Events that may be sent again. */
const REMEMBERED = 20_000;
/** Crossed soon, by every customer, in the middle of it all. */
const QUOTA_TOKENS = 500_000;
/** Never used up. */
const ENDLESS_TOKENS = 1_000_000_000_000;
/** Longest that the last events may take to be acknowledged once nothing is done to the stack any more. */
const FINISH_MS = 120_000;

/** Producers with their ledger, an intruder and a probe, at work on one stack. */
export class Load {
  readonly ledger = new Ledger(REMEMBERED);
  readonly probe: Probe;
  /** The limit of each customer's quota, in tokens. */
  readonly limits: Map<string, number>;
  private readonly producers: readonly Producer[];
  private readonly intruder: Intruder;
  private readonly corrector: Corrector;
  private work: Promise<unknown> = Promise.resolve();
  private fail!: (error: unknown) => void;
  /** Rejects when a producer is told something that it may not be told; never resolves. */
  readonly failed = new Promise<never>((_, reject) => (this.fail = reject));

  constructor(
    private readonly stack: WholeStack,
    seed: number,
  ) {
    const customers = Array.from({ length: CUSTOMERS }, (_, i) => `customer-${i}`);
    const { ledger } = this;
    this.limits = new Map([...customers, PROBE_CUSTOMER].map((customer) => [customer, QUOTA_TOKENS]));
    this.limits.set(CORRECTED_CUSTOMER, ENDLESS_TOKENS);
    this.probe = new Probe(stack, ledger, this.limits);
    this.producers = Array.from({ length: PRODUCERS }, (_, i) => new Producer({ name: `producer-${i}`, seed: seed + i + 1, stack, ledger, customers }));
    this.intruder = new Intruder(stack);
    this.corrector = new Corrector(stack, ledger, seed);
    this.failed.catch(() => undefined);
  }

  /** Messages put into the log past ingest. */
  get intruded(): number {
    return this.intruder.published;
  }

  /** Corrections that were acknowledged. */
  get corrected(): number {
    return this.corrector.acknowledged;
  }

  async start(): Promise<void> {
    for (const [customer_id, limit] of this.limits) await this.stack.request('POST', '/v1/quotas', { customer_id, metric: 'tokens', limit });
    this.work = Promise.all([...this.producers.map((producer) => producer.run()), this.intruder.run(), this.corrector.run()]);
    this.work.catch((error: unknown) => this.fail(error));
  }

  /** No new events; resolves when all that were ever sent are acknowledged. @throws when that does not come */
  async finish(): Promise<void> {
    this.stop();
    const late = delay(FINISH_MS, undefined, { ref: false }).then(() => Promise.reject(new Error('the producers did not get everything acknowledged')));
    await Promise.race([this.work, late]);
  }

  /** No new events. */
  stop(): void {
    for (const one of [...this.producers, this.intruder, this.corrector]) one.finish();
  }
}

import { type Pool, type PoolClient } from 'pg';
import { fairShare, HeldLeases } from './held-leases.js';
import { LeaseStore } from './lease-store.js';

/** What is needed of a logger; pino fits. */
export interface LeaseLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface LeaseOptions {
  /** One of its connections is kept for heartbeats. */
  pool: Pool;
  schema: string;
  /** Names the family of units, so that one schema can hold several. */
  scope: string;
  /** Units are 0 .. units-1. */
  units: number;
  /** Different for every copy that lives at the same time. */
  instanceId: string;
  /** A lease without a heartbeat for this long may be taken. */
  ttlMs: number;
  /** A sixth of the ttl unless told. */
  heartbeatMs?: number;
  logger: LeaseLog;
}

type AcquireCallback = (unit: number, epoch: number) => void;
type LoseCallback = (unit: number) => void;

const LEAVE_LIMIT_MS = 2_000;

/**
 * Spreads units of work over the live copies of a service. The epoch, checked by `fenceLease` in every transaction, is what makes
 * it safe; the lease only makes it calm. A copy whose heartbeats do not get through lets go by its own monotonic clock before
 * anyone else may take over; one that is frozen finds its epoch gone when it thaws.
 */
export class LeaseManager {
  private readonly store: LeaseStore;
  private readonly leases: HeldLeases;
  private readonly heartbeatMs: number;
  /** Told to be lost, still ours in the database until the next beat, so that work in hand can end before another copy begins. */
  private readonly releasing = new Map<number, number>();
  private readonly acquired: AcquireCallback[] = [];
  private readonly lost: LoseCallback[] = [];
  private client: PoolClient | undefined;
  private beating: Promise<void> = Promise.resolve();
  private beatTimer: NodeJS.Timeout | undefined;
  private expiryTimer: NodeJS.Timeout | undefined;
  private stopping = false;
  /** Counts connections begun; one that arrives after its round was given up is closed again. */
  private attempt = 0;

  constructor(private readonly options: LeaseOptions) {
    this.store = new LeaseStore(options);
    this.leases = new HeldLeases(options.ttlMs);
    this.heartbeatMs = options.heartbeatMs ?? Math.max(50, Math.floor(options.ttlMs / 6));
  }

  onAcquire(callback: AcquireCallback): void {
    this.acquired.push(callback);
  }

  /** Also called for every unit when it stops. */
  onLose(callback: LoseCallback): void {
    this.lost.push(callback);
  }

  /** Epoch by unit, of the leases that can be relied on at this moment. */
  held(): Map<number, number> {
    return this.leases.valid(performance.now());
  }

  /** Resolves after the first attempt to take units; failures are retried from then on. */
  async start(): Promise<void> {
    this.beating = this.beat();
    await this.beating;
  }

  /** Gives everything back. The caller has stopped its work before. */
  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    clearTimeout(this.beatTimer);
    clearTimeout(this.expiryTimer);
    await this.beating;
    for (const unit of this.held().keys()) this.lose(unit, 'stopping');
    this.releasing.clear();
    try {
      await within(
        LEAVE_LIMIT_MS,
        this.connected().then((client) => this.store.leave(client)),
      );
    } catch (error) {
      this.options.logger.warn({ err: error, scope: this.options.scope }, 'leases not given back; they will go stale');
      this.disconnect();
    }
    this.client?.release();
    this.client = undefined;
  }

  private async beat(): Promise<void> {
    try {
      await within(this.options.ttlMs, this.exchange());
    } catch (error) {
      this.options.logger.warn({ err: error, scope: this.options.scope }, 'lease heartbeat failed');
      this.disconnect();
    }
    this.expire();
    if (this.stopping) return;
    this.beatTimer = setTimeout(() => (this.beating = this.beat()), this.heartbeatMs);
  }

  /** One round: say we live, confirm what we hold, give back what is too much, take what is fair. */
  private async exchange(): Promise<void> {
    const client = await this.connected();
    const members = await this.store.beat(client);
    await this.confirm(client);
    await this.freeReleased(client);
    const share = fairShare(this.options.units, members);
    const held = this.held();
    if (held.size > share) {
      for (const [unit, epoch] of [...held].slice(share)) {
        this.releasing.set(unit, epoch);
        this.lose(unit, 'rebalancing');
      }
    } else if (held.size < share && !this.stopping) {
      await this.take(client, share - held.size);
    }
  }

  private async confirm(client: PoolClient): Promise<void> {
    this.expire();
    const believed = new Map([...this.held(), ...this.releasing]);
    const sentAt = performance.now();
    const renewed = new Set(await this.store.renew(client, believed));
    for (const [unit, epoch] of believed) {
      if (this.releasing.has(unit)) continue;
      if (renewed.has(unit)) this.leases.confirm(unit, epoch, sentAt);
      else this.lose(unit, 'taken over');
    }
    this.armExpiry();
  }

  private async freeReleased(client: PoolClient): Promise<void> {
    if (this.releasing.size === 0) return;
    await this.store.release(client, [...this.releasing.keys()]);
    this.releasing.clear();
  }

  private async take(client: PoolClient, wanted: number): Promise<void> {
    const { scope, logger } = this.options;
    const ended = await this.store.endStaleOwners(client);
    if (ended.length > 0) logger.info({ scope, owners: ended }, 'stale lease owners found');
    const sentAt = performance.now();
    const claimed = await this.store.claim(client, wanted, this.held());
    for (const { unit, epoch } of this.stopping ? [] : claimed) {
      this.leases.confirm(unit, epoch, sentAt);
      logger.info({ scope, unit, epoch }, 'lease acquired');
      for (const callback of this.acquired) callback(unit, epoch);
    }
    this.armExpiry();
  }

  private expire(): void {
    for (const unit of this.leases.expire(performance.now())) this.lose(unit, 'no heartbeat got through');
    this.armExpiry();
  }

  private armExpiry(): void {
    clearTimeout(this.expiryTimer);
    const at = this.leases.nextExpiry();
    if (at !== undefined && !this.stopping) this.expiryTimer = setTimeout(() => this.expire(), Math.max(0, at - performance.now()) + 1);
  }

  private lose(unit: number, reason: string): void {
    this.leases.drop(unit);
    this.options.logger.info({ scope: this.options.scope, unit, reason }, 'lease lost');
    for (const callback of this.lost) callback(unit);
  }

  private async connected(): Promise<PoolClient> {
    if (this.client) return this.client;
    const attempt = ++this.attempt;
    const client = await this.options.pool.connect();
    if (attempt !== this.attempt) {
      client.release();
      throw new Error('connected too late');
    }
    client.on('error', () => {
      if (this.client === client) this.disconnect();
    });
    this.client = client;
    await this.store.ensureUnits(client);
    return client;
  }

  /** Closes the connection rather than returning it: nobody knows what state it is in. */
  private disconnect(): void {
    const client = this.client;
    this.client = undefined;
    this.attempt++;
    client?.release(true);
  }
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

import { Client } from 'pg';
import { type Logger } from 'pino';
import { type CheckResult } from '../health/readiness.js';
import { KeyTable, type PublishedKey } from './key-table.js';
import { type Principal, type Scope } from './principal.js';

/** The accounts service notifies here whenever a key or a membership changes. */
export const KEYS_CHANNEL = 'accounts_keys';

const SELECT_KEYS = `
  select hash, key_id::text as "keyId", customer_id as "customerId", user_id as "userId", scopes, (extract(epoch from expires_at) * 1000)::float8 as "expiresAtMs",
    requests_per_second as "requestsPerSecond", events_per_second as "eventsPerSecond", revoked
  from accounts.published_keys order by hash`;
const SELECT_MEMBERS = 'select subject, customer_id as "customerId", scopes from accounts.published_members order by subject';
const NOTE_USES = 'select accounts.note_key_uses($1::uuid[])';
const POLL_MS = 5_000;
const RECONNECT_FIRST_MS = 200;
const RECONNECT_LONGEST_MS = 2_000;
/** An unknown key causes at most one look at the database in this time, however many are tried. */
const MISS_SPACING_MS = 100;
const CONNECT_TIMEOUT_MS = 5_000;
const QUERY_TIMEOUT_MS = 5_000;
const STOP_LIMIT_MS = 1_000;

/**
 * All API keys in memory, kept up to date by LISTEN/NOTIFY and a poll. While Postgres is away the last snapshot serves; before the
 * first one, nothing does. A service may start before the accounts service has made the view: it keeps trying.
 */
export class KeySnapshot {
  private table: KeyTable | undefined;
  private digest = '';
  private members: ReadonlyMap<string, Principal> = new Map();
  private client: Client | undefined;
  private stopped = false;
  private asking: Promise<void> | undefined;
  /** Keys that opened something since that was last told. */
  private used = new Set<string>();
  private missRefresh: Promise<void> | undefined;
  private lastProblem = 'not loaded yet';
  /** News that came while nobody was waiting for it. */
  private pending = false;
  private resume: () => void = () => undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly url: string,
    private readonly applicationName: string,
    private readonly logger: Logger,
    private readonly nowMs: () => number = Date.now,
    /** whether the members of customers are followed as well: users of an outside identity provider */
    private readonly followsMembers = false,
  ) {}

  /** Begins to follow the keys; returns at once. */
  start(): void {
    this.running = this.follow();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    const ended = this.client?.end().catch(() => undefined);
    // A connection that is still being made cannot be hurried; the process does not wait for it.
    await Promise.race([Promise.all([ended, this.running]), delay(STOP_LIMIT_MS)]);
  }

  /** Whether there was a first snapshot. */
  get loaded(): boolean {
    return this.table !== undefined;
  }

  /** Who a key belongs to, as far as the snapshot knows. */
  find(key: string): Principal | undefined {
    const principal = this.table?.find(key, this.nowMs());
    if (principal) this.used.add(principal.keyId);
    return principal;
  }

  /** What a user of the identity provider may do, as far as the snapshot knows. */
  member(subject: string): Principal | undefined {
    return this.members.get(subject);
  }

  check(): CheckResult {
    return this.table ? { ok: true } : { ok: false, reason: `no snapshot of accounts.published_keys: ${this.lastProblem}` };
  }

  /** Asks the database about a key the snapshot lacks, so that a key is good from the moment its creation was answered. */
  async findFresh(key: string): Promise<Principal | undefined> {
    this.missRefresh ??= this.refreshSoon().finally(() => (this.missRefresh = undefined));
    await this.missRefresh;
    return this.find(key);
  }

  private async refreshSoon(): Promise<void> {
    await delay(MISS_SPACING_MS);
    await this.load().catch(() => undefined);
  }

  private async follow(): Promise<void> {
    let backoffMs = RECONNECT_FIRST_MS;
    while (!this.stopped) {
      try {
        await this.connectAndFollow(() => (backoffMs = RECONNECT_FIRST_MS));
      } catch (error) {
        this.lastProblem = error instanceof Error ? error.message : String(error);
        this.logger[this.table ? 'warn' : 'debug']({ err: error }, 'the key snapshot could not be refreshed');
      }
      if (this.stopped) return;
      this.pending = false;
      await this.pause(backoffMs);
      backoffMs = Math.min(backoffMs * 2, RECONNECT_LONGEST_MS);
    }
  }

  /** Holds one connection and reloads on notice and on the poll; throws when the connection or the view is gone. */
  private async connectAndFollow(onLoaded: () => void): Promise<void> {
    const client = new Client({
      connectionString: this.url,
      application_name: `${this.applicationName}/keys`,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true,
    });
    let lost: Error | undefined;
    const onLost = (error?: Error): void => {
      if (this.client !== client) return;
      lost ??= error ?? new Error('the connection ended');
      this.wake();
    };
    client.on('error', onLost).on('end', () => onLost());
    client.on('notification', () => this.wake());
    this.client = client;
    try {
      await client.connect();
      await client.query(`listen ${KEYS_CHANNEL}`);
      while (!this.stopped) {
        if (lost) throw lost;
        await this.load();
        onLoaded();
        if (lost) throw lost;
        await this.tellUses();
        await this.pause(POLL_MS);
      }
    } finally {
      this.client = undefined;
      client.end().catch(() => undefined);
    }
  }

  /** When a key was last used is for people: what is lost of it with a connection is lost. */
  private async tellUses(): Promise<void> {
    if (this.used.size === 0) return;
    const keyIds = [...this.used];
    this.used = new Set();
    await this.inTurn(async () => void (await this.client?.query(NOTE_USES, [keyIds]))).catch((error: Error) => this.logger.debug({ err: error }, 'the use of keys could not be noted'));
  }

  /** Whoever asks while a query runs waits for the next, which is sure to see what was committed before. */
  private load(): Promise<void> {
    return this.inTurn(() => this.query());
  }

  /** One query at a time. */
  private inTurn(query: () => Promise<void>): Promise<void> {
    const after = (this.asking ?? Promise.resolve()).catch(() => undefined);
    this.asking = after.then(query);
    return this.asking;
  }

  private async query(): Promise<void> {
    if (!this.client) throw new Error('not connected');
    const { rows } = await this.client.query<PublishedKey>(SELECT_KEYS);
    if (this.followsMembers) this.members = membersOf((await this.client.query<PublishedMember>(SELECT_MEMBERS)).rows);
    const digest = JSON.stringify(rows);
    if (this.table && digest === this.digest) return;
    this.table = new KeyTable(rows);
    this.digest = digest;
    this.logger.debug({ keys: rows.length }, 'key snapshot loaded');
  }

  private wake(): void {
    this.pending = true;
    this.resume();
  }

  /** Waits, but not longer than until the next news. */
  private async pause(ms: number): Promise<void> {
    if (!this.pending) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.resume = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.pending = false;
  }
}

interface PublishedMember {
  subject: string;
  customerId: string | null;
  scopes: Scope[];
}

function membersOf(rows: readonly PublishedMember[]): ReadonlyMap<string, Principal> {
  const limits = { requestsPerSecond: null, eventsPerSecond: null };
  return new Map(rows.map(({ subject, customerId, scopes }) => [subject, { kind: 'user' as const, keyId: subject, customerId, userId: subject, scopes: new Set(scopes), limits }]));
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

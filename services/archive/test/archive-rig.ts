import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type ArchivedMessage, type ArchiveStore, openArchiveStore, readArchive } from '@ledgerline/archive-store';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connectNats, ensureStreams, type NatsConnection, readMessage, streamInfo, streamOf } from '@ledgerline/messaging';
import { createKysely, createPool, migrate } from '@ledgerline/postgres';
import { type Kysely, sql } from 'kysely';
import { LEASE_SCOPE, PostgresArchiveLedger, SCHEMA } from '../src/adapters/postgres-archive-ledger.js';
import { JetStreamPartitionLog } from '../src/adapters/jetstream-partition-log.js';
import { PostgresLogReaders } from '../src/adapters/postgres-log-readers.js';
import { ArchivePartition, type ArchiveOptions } from '../src/application/archive-partition.js';
import { TrimPartition, type TrimOptions } from '../src/application/trim-partition.js';
import { migrations } from '../src/archive.module.js';

export const DAY_MS = 24 * 60 * 60 * 1000;

/** The archive's use cases over real servers, with a clock that a test sets. */
export class ArchiveRig {
  /** How far the rig's clock is ahead of the machine's. */
  aheadMs = 0;
  readonly clock = { nowMs: (): number => Date.now() + this.aheadMs };
  readonly folder = mkdtempSync(join(tmpdir(), 'ledgerline-archive-'));
  readonly store: ArchiveStore = openArchiveStore(pathToFileURL(this.folder).href);
  readonly ledger: PostgresArchiveLedger;
  readonly log: JetStreamPartitionLog;

  private constructor(
    readonly db: Kysely<unknown>,
    readonly nc: NatsConnection,
  ) {
    this.ledger = new PostgresArchiveLedger(db, 1);
    this.log = new JetStreamPartitionLog(nc, 1);
  }

  /** Streams of two partitions, the service's schema, its leases at epoch 1, and what the projections publish. */
  static async open(natsUrl: string, databaseUrl: string): Promise<ArchiveRig> {
    const nc = await connectNats(natsUrl, 'archive-spec');
    await ensureStreams(nc, { generation: 1, partitions: 2, maxBytes: 64 * 1024 ** 2, kinds: ['USAGE', 'PRICED'] });
    const db = createKysely(createPool(databaseUrl, { applicationName: 'archive-spec', max: 3 }));
    await migrate(db, { schema: SCHEMA, migrations });
    await sql`insert into archive.leases (scope, unit, owner, epoch) values (${LEASE_SCOPE}, 0, 'me', 1), (${LEASE_SCOPE}, 1, 'me', 1)`.execute(db);
    for (const [schema, column] of [['aggregation', 'priced_sequence'], ['quota', 'sequence']] as const) {
      await sql`create schema if not exists ${sql.id(schema)}`.execute(db);
      await sql`create table ${sql.id(schema, 'published_progress')} (generation integer, partition integer, ${sql.id(column)} bigint, primary key (generation, partition))`.execute(db);
    }
    return new ArchiveRig(db, nc);
  }

  archive(over: Partial<ArchiveOptions> = {}): ArchivePartition {
    return new ArchivePartition({ generation: 1, store: this.store, ledger: this.ledger, log: this.log, clock: this.clock, maxBytes: 1024 ** 2, maxAgeMs: 0, ...over });
  }

  trim(over: Partial<TrimOptions> = {}): TrimPartition {
    return new TrimPartition({ ledger: this.ledger, log: this.log, readers: new PostgresLogReaders(this.db, 1), clock: this.clock, keepMs: 35 * DAY_MS, ...over });
  }

  /** Publishes one USAGE and one PRICED message for each. */
  async publish(partition: number, messages: readonly { data: Uint8Array }[]): Promise<void> {
    const js = jetstream(this.nc);
    for (const { data } of messages) {
      await js.publish(streamOf('USAGE', 1, partition).subject, Buffer.from('usage'));
      await js.publish(streamOf('PRICED', 1, partition).subject, data);
    }
  }

  /** What a projection has done with. */
  async reached(schema: 'aggregation' | 'quota', partition: number, sequence: number): Promise<void> {
    const column = sql.id(schema === 'aggregation' ? 'priced_sequence' : 'sequence');
    await sql`insert into ${sql.id(schema, 'published_progress')} values (1, ${partition}, ${sequence})
      on conflict (generation, partition) do update set ${column} = ${sequence}`.execute(this.db);
  }

  /** [first, last] of both streams. */
  async spans(partition: number): Promise<{ priced: [number, number]; usage: [number, number] }> {
    const jsm = await jetstreamManager(this.nc);
    const span = async (kind: 'USAGE' | 'PRICED'): Promise<[number, number]> => {
      const { firstSequence, lastSequence } = await streamInfo(jsm, streamOf(kind, 1, partition).stream);
      return [firstSequence, lastSequence];
    };
    return { priced: await span('PRICED'), usage: await span('USAGE') };
  }

  /** PRICED as the stream holds it now. */
  async stored(partition: number): Promise<{ sequence: number; timestampUs: number; data: string }[]> {
    const jsm = await jetstreamManager(this.nc);
    const { priced } = await this.spans(partition);
    const messages = [];
    for (let sequence = priced[0]; sequence <= priced[1]; sequence++) messages.push((await readMessage(jsm, streamOf('PRICED', 1, partition).stream, sequence))!);
    return messages.map(plain);
  }

  /** PRICED as the archive holds it now. */
  async archived(partition: number, from = 1): Promise<{ sequence: number; timestampUs: number; data: string }[]> {
    const messages: ArchivedMessage[] = [];
    for await (const message of readArchive(this.store, 1, partition, from)) messages.push(message);
    return messages.map(plain);
  }

  async close(): Promise<void> {
    await this.nc.close();
    await this.db.destroy();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function plain({ sequence, timestampUs, data }: { sequence: number; timestampUs: number; data: Uint8Array }): { sequence: number; timestampUs: number; data: string } {
  return { sequence, timestampUs, data: Buffer.from(data).toString('base64') };
}

import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { createClickHouse } from '@ledgerline/clickhouse';
import { closeGeneration, connectNats, finishGeneration, generationState, type NatsConnection, openGeneration, readRange, streamInfo, streamOf } from '@ledgerline/messaging';
import { createPool } from '@ledgerline/postgres';
import { readQuotaSnapshot } from '../../audit/adapters/postgres-quota-reader.js';
import { type Context } from '../../commands/context.js';
import { type Home } from '../../connection/home.js';
import { type stackAddress } from '../../connection/stack-address.js';
import { jobEnvironment } from '../../jobs/job-environment.js';
import { startJob } from '../../jobs/start-job.js';
import { type FillSources } from '../fill-generation.js';
import { type Recovery, type RecoveryJobs } from '../run-recovery.js';
import { PartitionFiller } from './fill-partition.js';
import { findStored, readLostItems, readStoredEvents } from './read-stored-events.js';
import { readSurvey } from './read-survey.js';
import { RecoveryFile } from './recovery-file.js';

type Address = ReturnType<typeof stackAddress>;

const NAME = 'ledgerline-recover';
const QUERY_TIMEOUT_MS = 3_600_000;
/** Of a stream that has to be made, unless STREAM_MAX_BYTES says otherwise: as the services make them. */
const STREAM_MAX_BYTES = 8 * 1024 ** 3;

/** Opens the servers for a recovery of the address's generation. Close it with `close()`. */
export async function openRecovery(address: Address, { home, env }: Context): Promise<Recovery & { readonly file: RecoveryFile; close(): Promise<void> }> {
  const { generation, partitions } = address;
  const nc = await connectNats(address.natsUrl, NAME);
  const pool = createPool(address.databaseUrl, { applicationName: NAME, max: 2 });
  const clickHouse = createClickHouse({ url: address.clickhouseUrl, applicationName: NAME, requestTimeoutMs: QUERY_TIMEOUT_MS });
  const maxBytes = await sizeOf(nc, generation, Number(env.STREAM_MAX_BYTES ?? STREAM_MAX_BYTES));
  const of = (number: number) => ({ generation: number, partitions, maxBytes });
  const fillers = new Map<number, PartitionFiller>();
  const filler = async (partition: number): Promise<PartitionFiller> => {
    const open = fillers.get(partition) ?? (await PartitionFiller.open(nc, generation + 1, partition));
    fillers.set(partition, open);
    return open;
  };
  const sources: FillSources = {
    uncounted: (partition, after) => pricedBehind(nc, generation, partition, after),
    storedEvents: (partition, after) => readStoredEvents(clickHouse, { generation, partition, after }),
    lostItems: (partition, after) => readLostItems(clickHouse, { generation, partition, after }),
    stored: (usageIds) => findStored(clickHouse, usageIds),
    enter: async (partition, events, onEntered) => (await filler(partition)).enter(events, onEntered),
    carry: async function* (partition, from, to) {
      yield* (await filler(partition)).carry(from, to);
    },
  };
  return {
    closedGeneration: generation,
    sources,
    jobs: jobsOf(address, env, home),
    file: new RecoveryFile(join(home.stack() === undefined ? '.' : home.path, `recovery-g${generation + 1}.json`)),
    survey: () => readSurvey(nc, pool, generation, partitions),
    quotaSums: async () => (await readQuotaSnapshot(pool, generation)).byKey,
    closeOld: () => closeGeneration(nc, of(generation)),
    newState: () => generationState(nc, of(generation + 1)),
    openNew: () => openGeneration(nc, of(generation + 1)),
    finishNew: () => finishGeneration(nc, of(generation + 1)),
    close: async () => {
      await Promise.all([nc.close(), pool.end(), clickHouse.close()]);
    },
  };
}

/** The new generation's streams are as large as the old one's. */
async function sizeOf(nc: NatsConnection, generation: number, fallback: number): Promise<number> {
  const stream = await jetstream(nc).jetstreamManager().then((jsm) => jsm.streams.info(streamOf('USAGE', generation, 0).stream)).catch(() => null);
  return stream?.config.max_bytes ?? fallback;
}

async function* pricedBehind(nc: NatsConnection, generation: number, partition: number, after: number) {
  const { stream } = streamOf('PRICED', generation, partition);
  const { lastSequence } = await streamInfo(await jetstream(nc).jetstreamManager(), stream);
  yield* readRange(jetstream(nc), stream, after + 1, lastSequence);
}

function jobsOf(address: Address, env: NodeJS.ProcessEnv, home: Home): RecoveryJobs {
  const job = async (service: string, generation: number, ...args: string[]): Promise<void> => {
    const environment = jobEnvironment({ ...address, generation }, env, home);
    await startJob({ service, job: 'recover', args, env: environment, onProgress: () => undefined, accept: async () => true });
  };
  const closed = address.generation;
  return {
    forgetLostRows: () => job('aggregation', closed),
    recountCorrections: () => job('pricing', closed + 1),
    recountQuota: () => job('quota', closed + 1),
    announceAgain: () => job('quota', closed, '--announce-only'),
    rereadQuota: async () => {
      await job('alerting', closed + 1);
      await job('accounts', closed + 1);
    },
  };
}

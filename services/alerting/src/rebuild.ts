import { fromBinary } from '@bufbuild/protobuf';
import { jetstream } from '@nats-io/jetstream';
import { QUOTA_STREAM, QuotaEventSchema } from '@ledgerline/contracts';
import { connectNats, type NatsConnection, readRange, streamInfo } from '@ledgerline/messaging';
import { createKysely, createPool } from '@ledgerline/postgres';
import { type JobTerms, type RebuildOutcome, runJob } from '@ledgerline/rebuild';
import { type AlertingDatabase } from './adapters/alerting-database.js';
import { growthFromWire } from './adapters/growth-mapping.js';
import { fromWire } from './adapters/mapping.js';
import { PostgresAlertsInUse } from './adapters/postgres-alerts-in-use.js';
import { LEASE_SCOPE } from './alerting.module.js';
import { type GrownQuarantine, type QuotaCrossing } from './application/ports.js';
import { rebuildAlerts } from './application/rebuild-alerts.js';
import { type AlertingConfig, alertingConfig } from './config.js';

const NAME = 'ledgerline-alerting/rebuild';
const BATCH_MESSAGES = 500;

/** Records all alerts anew from QUOTA. Nobody is notified of what was recorded before. */
async function rebuild(config: AlertingConfig, { progress, accept }: JobTerms): Promise<RebuildOutcome> {
  const nats = await connectNats(config.NATS_URL, NAME);
  const db = createKysely<AlertingDatabase>(createPool(config.DATABASE_URL, { applicationName: NAME, max: 2 }));
  try {
    const alerts = new PostgresAlertsInUse(db, LEASE_SCOPE);
    return await rebuildAlerts({ alerts, decisions: (to) => readDecisions(nats, to), onProgress: progress, accept });
  } finally {
    await Promise.all([nats.close(), db.destroy()]);
  }
}

async function* readDecisions(nats: NatsConnection, to: number): AsyncGenerator<{ sequence: number; crossings: QuotaCrossing[]; growths: GrownQuarantine[] }> {
  if (to === 0) return;
  const js = jetstream(nats);
  const { firstSequence } = await streamInfo(await js.jetstreamManager(), QUOTA_STREAM);
  if (firstSequence > 1) throw new Error(`QUOTA begins at ${firstSequence}: alerts cannot be built from what is left of it`);
  let [crossings, growths]: [QuotaCrossing[], GrownQuarantine[]] = [[], []];
  for await (const { sequence, data } of readRange(js, QUOTA_STREAM, 1, to)) {
    const { crossing, growth } = read(data);
    if (crossing !== undefined) crossings.push(crossing);
    if (growth !== undefined) growths.push(growth);
    if (sequence % BATCH_MESSAGES !== 0 && sequence !== to) continue;
    yield { sequence, crossings, growths };
    [crossings, growths] = [[], []];
  }
}

/** What could not be read when it came was passed over, and is now. */
function read(data: Uint8Array): { crossing?: QuotaCrossing; growth?: GrownQuarantine } {
  try {
    const message = fromBinary(QuotaEventSchema, data);
    return { crossing: fromWire(message), growth: growthFromWire(message) };
  } catch {
    return {};
  }
}

await runJob(alertingConfig, rebuild);

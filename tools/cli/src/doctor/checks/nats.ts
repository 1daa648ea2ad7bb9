import { AckPolicy, DeliverPolicy, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connectNats, inspectStream, type NatsConnection, partitionCount, type StreamFound, type StreamKind, withoutCredentials } from '@ledgerline/messaging';
import { type AreaCheck, type Findings } from '../finding.js';
import { type KnownAddresses } from '../known-addresses.js';
import { readClock, reportClock } from '../skew.js';
import { atLeast, NATS_REQUIRED, natsRecommended, versionOf } from '../versions.js';

const CONNECT_MS = 2_000;
const FILL = { warnAt: 0.8, failAt: 0.95 };
const KINDS: readonly StreamKind[] = ['USAGE', 'PRICED', 'QUOTA'];

/** The broker: whether it answers, how old it is, its streams, and how durable its acknowledgements are. */
export const natsCheck = (known: KnownAddresses): AreaCheck => ({
  area: 'NATS',
  unreachable: 'Start NATS, or set NATS_URL to where it runs; until then ingest answers 503.',
  run: async (findings) => {
    if (!known.natsUrl) return findings.skip('reachable', 'its address is not known', 'Set NATS_URL to have it checked.');
    const nats = await connectNats(known.natsUrl, 'ledgerline-doctor', CONNECT_MS);
    try {
      findings.ok('reachable', withoutCredentials(known.natsUrl));
      reportVersion(findings, nats);
      if (nats.info?.jetstream !== true) return findings.fail('JetStream', 'off', 'Start nats-server with a jetstream block in its configuration.');
      const jsm = await jetstreamManager(nats);
      const { storage, limits } = await jsm.getAccountInfo();
      findings.ok('JetStream', `on, ${mebibytes(storage)} stored${limits.max_storage > 0 ? ` of ${mebibytes(limits.max_storage)}` : ''}`);
      const streams = await reportStreams(findings, jsm, known);
      if (streams[0]) reportClock(findings, await readClock(() => brokerTimeMs(jsm, streams[0]!.stream)));
      await reportDurability(findings, streams, known);
    } finally {
      await nats.close();
    }
  },
});

function reportVersion(findings: Findings, nats: NatsConnection): void {
  const text = nats.info?.version ?? 'unknown';
  const version = versionOf(text);
  const advice = 'Run 2.12.15 or 2.14.5, or later, in production.';
  if (!atLeast(version, NATS_REQUIRED)) findings.fail('version', text, `At least ${NATS_REQUIRED.join('.')} is needed. ${advice}`);
  else if (!natsRecommended(version)) findings.warn('version', text, advice);
  else findings.ok('version', text);
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MiB`;

async function reportStreams(findings: Findings, jsm: JetStreamManager, { generation, partitions }: KnownAddresses): Promise<StreamFound[]> {
  if (generation === undefined || partitions === undefined) {
    findings.skip('streams', 'how the log is laid out is not known', 'Set GENERATION and PARTITIONS to have the streams checked.');
    return [];
  }
  const all: StreamFound[] = [];
  for (const kind of KINDS) {
    const count = partitionCount(kind, partitions);
    const found = (await Promise.all(Array.from({ length: count }, (_, partition) => inspectStream(jsm, kind, partition, { generation, partitions })))).filter((stream) => stream !== null);
    all.push(...found);
    reportKind(findings, kind, count, found);
  }
  return all;
}

function reportKind(findings: Findings, kind: StreamKind, count: number, found: readonly StreamFound[]): void {
  const check = `${kind} streams`;
  const conflict = found.find((stream) => stream.conflict !== undefined);
  if (found.length < count) return findings.fail(check, `${found.length} of ${count}`, 'Start the services: each makes the streams that it writes. If some were there before, messages are lost: audit, and restore the broker.');
  if (conflict) return findings.fail(check, conflict.conflict!, 'Give the stream back the settings that the services made it with; they refuse to start on it.');
  const fullest = Math.max(0, ...found.map(({ bytes, maxBytes }) => (maxBytes > 0 ? bytes / maxBytes : 0)));
  findings.level(check, fullest, FILL, `${count}, the fullest at ${Math.round(fullest * 100)} %`, 'Raise STREAM_MAX_BYTES and restart the services, or trim the streams: a full one refuses events with 503.');
}

/** When the broker makes a consumer it says when; nothing is published and nothing is left behind. */
async function brokerTimeMs(jsm: JetStreamManager, stream: string): Promise<number> {
  const { name, created } = await jsm.consumers.add(stream, { deliver_policy: DeliverPolicy.New, ack_policy: AckPolicy.None, inactive_threshold: 5_000_000_000 });
  await jsm.consumers.delete(stream, name).catch(() => false);
  return Date.parse(created);
}

/** Whether an acknowledged message survives the loss of power is known from replicas, or from the monitoring endpoint. */
async function reportDurability(findings: Findings, streams: readonly StreamFound[], { natsMonitoringUrl }: KnownAddresses): Promise<void> {
  const replicas = Math.min(...streams.map((stream) => stream.replicas));
  if (streams.length > 0 && replicas >= 3) return findings.ok('durability', `power-loss durable: ${replicas} replicas`);
  const advice = 'To survive the loss of power, run a NATS with `sync_interval: always`, or three replicas.';
  if (!natsMonitoringUrl) return findings.ok('durability', 'process-crash durable; set NATS_MONITORING_URL to see whether every write is synced');
  const always = await syncsAlways(natsMonitoringUrl);
  if (always) findings.ok('durability', 'power-loss durable: every write is synced');
  else findings.warn('durability', 'process-crash durable: writes are synced now and then', advice);
}

async function syncsAlways(monitoringUrl: string): Promise<boolean> {
  const answer = await fetch(`${monitoringUrl}/varz`, { signal: AbortSignal.timeout(3_000) });
  const { jetstream } = (await answer.json()) as { jetstream?: { config?: { sync_always?: boolean } } };
  return jetstream?.config?.sync_always === true;
}

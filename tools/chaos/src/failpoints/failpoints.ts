import { type ArmedFailpoint, type FailpointName } from '@ledgerline/failpoints';
import { type ServiceName } from '@ledgerline/local-stack';

/** What is done at each failpoint. A crash `ms` later hits in the middle of what comes next. */
export const FAILPOINTS: Record<FailpointName, ArmedFailpoint> = {
  'ingest.before-publish': { action: 'crash', ms: 2 },
  'ingest.after-ack': { action: 'crash', skip: 3 },
  'pricing.after-recover': { action: 'crash' },
  'pricing.after-decide': { action: 'crash', skip: 2 },
  'pricing.publish-timeout': { action: 'error' },
  'pricing.after-publish': { action: 'crash', skip: 3 },
  'pricing.after-cover': { action: 'crash' },
  'sink.after-begin': { action: 'crash' },
  'sink.mid-insert': { action: 'crash', ms: 8 },
  'sink.after-insert': { action: 'crash', skip: 1 },
  'sink.before-settle': { action: 'crash' },
  'quota.before-commit': { action: 'crash', skip: 2 },
  'quota.after-announce': { action: 'crash' },
  'quota.after-commit': { action: 'crash', skip: 1 },
  'outbox.after-publish': { action: 'crash' },
  'alerting.before-commit': { action: 'crash' },
  'alerting.after-commit': { action: 'crash' },
};

const SERVICE_OF: Record<string, ServiceName> = { ingest: 'ingest', pricing: 'pricing', sink: 'aggregation', quota: 'quota', outbox: 'quota', alerting: 'alerting' };

/** The service that passes a failpoint. */
export function serviceOf(name: FailpointName): ServiceName {
  return SERVICE_OF[name.split('.')[0]!]!;
}

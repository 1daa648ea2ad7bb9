import { JetStreamApiError, jetstreamManager } from '@nats-io/jetstream';
import { usageStream } from '@ledgerline/contracts';
import { type NatsConnection, streamInfo } from '@ledgerline/messaging';
import { type UsageEnd } from '../../application/retention/ports.js';

const TIMEOUT_MS = 5_000;

/** Asks the leader of the USAGE stream. */
export function jetStreamUsageEnd(nc: NatsConnection): UsageEnd {
  return async (generation, partition) => {
    const jsm = await jetstreamManager(nc, { checkAPI: false, timeout: TIMEOUT_MS });
    try {
      return (await streamInfo(jsm, usageStream(generation, partition))).lastSequence;
    } catch (error) {
      if (error instanceof JetStreamApiError && error.status === 404) return null;
      throw error;
    }
  };
}

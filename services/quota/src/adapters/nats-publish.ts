import { type NatsConnection, publishEnvelope } from '@ledgerline/messaging';
import { jetstream } from '@nats-io/jetstream';
import { type Publish } from '../application/publish-decisions.js';

const ACK_TIMEOUT_MS = 5_000;

/** Publishes to the QUOTA stream; resolves on the broker's acknowledgement. @throws PublishError */
export function natsPublish(nc: NatsConnection): Publish {
  const js = jetstream(nc);
  return async ({ subject, payload }) => {
    await publishEnvelope(js, subject, payload, { timeoutMs: ACK_TIMEOUT_MS });
  };
}

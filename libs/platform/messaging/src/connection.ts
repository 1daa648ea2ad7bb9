import { connect, type NatsConnection } from '@nats-io/transport-node';

export type { NatsConnection } from '@nats-io/transport-node';

/** The broker could not be reached when the process started. Names the address, never the credentials in it. */
export class BrokerUnreachableError extends Error {
  constructor(url: string, cause: unknown) {
    super(`NATS at ${withoutCredentials(url)} cannot be reached: ${(cause as Error)?.message ?? String(cause)}`, { cause });
    this.name = 'BrokerUnreachableError';
  }
}

/** `nats://user:secret@host:4222` -> `nats://host:4222`, for messages and logs. */
export function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//');
}

/**
 * Connects and keeps reconnecting for as long as the process lives: a broker that is away is a pause, not a crash.
 * The first connection is tried for `firstConnectMs`, because a wrong address should stop the boot and be named.
 * @param name shown by the broker beside the connection; the service and its instance
 */
export async function connectNats(url: string, name: string, firstConnectMs = 30_000): Promise<NatsConnection> {
  const giveUpAt = performance.now() + firstConnectMs;
  for (;;) {
    try {
      return await connect({
        servers: url.split(','),
        name,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 200,
        reconnectJitter: 200,
        pingInterval: 10_000,
        maxPingOut: 2,
        timeout: 5_000,
      });
    } catch (error) {
      if (performance.now() > giveUpAt) throw new BrokerUnreachableError(url, error);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

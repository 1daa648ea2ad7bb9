import { type Server } from '@ledgerline/local-stack';

export interface SharedServers {
  folder: string;
  nats: Server;
  postgres: Server;
  clickhouse: Server;
}

/** Setup and teardown are loaded apart from each other but in one process, so they meet on the global object. */
export const shared = ((globalThis as { ledgerlineTest?: { servers?: SharedServers } }).ledgerlineTest ??= {});

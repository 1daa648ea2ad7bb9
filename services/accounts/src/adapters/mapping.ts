import { type Selectable } from 'kysely';
import { type ApiKey, type Customer, type StreamPosition } from '../application/ports.js';
import { type CustomerTable, type KeyTable, type StreamPositionTable } from './accounts-database.js';

export const keyFromRow = (row: Selectable<KeyTable> & { last_used_at?: Date | null }): ApiKey => ({
  id: row.id,
  name: row.name,
  scopes: row.scopes,
  customerId: row.customer_id,
  userId: row.user_id,
  limits: { requestsPerSecond: row.requests_per_second, eventsPerSecond: row.events_per_second },
  prefix: row.prefix,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  revokedAt: row.revoked_at,
  lastUsedAt: row.last_used_at ?? null,
});

export const customerFromRow = (row: Selectable<CustomerTable>): Customer => ({
  id: row.customer_id,
  name: row.name,
  createdBy: row.created_by,
  createdAt: row.created_at,
});

export const positionFromRow = (row: Selectable<StreamPositionTable>): StreamPosition => ({
  sequence: Number(row.sequence),
  streamId: row.stream_id,
  messageDigest: row.message_digest,
  highestSeen: Number(row.highest_seen),
});

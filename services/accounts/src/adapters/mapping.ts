import { type Selectable } from 'kysely';
import { type ApiKey, type Customer, type StreamPosition } from '../application/ports.js';
import { type CustomerTable, type KeyTable, type StreamPositionTable } from './accounts-database.js';

export const keyFromRow = (row: Selectable<KeyTable>): ApiKey => ({
  id: row.id,
  name: row.name,
  role: row.role,
  prefix: row.prefix,
  createdAt: row.created_at,
  revokedAt: row.revoked_at,
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

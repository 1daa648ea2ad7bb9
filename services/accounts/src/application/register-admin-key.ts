import { type Change } from '@ledgerline/administration';
import { hashKey, SCOPES } from '@ledgerline/service-kit';
import { shownPrefix } from './key-text.js';
import { type ApiKey, type Keys } from './ports.js';

/** Makes the configured key an admin key. Starting again changes nothing, and does not bring back one that was revoked. */
export class RegisterAdminKey {
  constructor(private readonly keys: Keys) {}

  execute(text: string, change: Change): Promise<ApiKey> {
    return this.keys.ensure({ name: 'configured admin key', scopes: [...SCOPES], customerId: null, userId: null, limits: { requestsPerSecond: null, eventsPerSecond: null }, expiresAt: null, prefix: shownPrefix(text), hash: hashKey(text), createdBy: null }, change);
  }
}

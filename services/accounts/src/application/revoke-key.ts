import { type Change } from '@ledgerline/administration';
import { type Keys, type Revocation } from './ports.js';

/** Revokes a key everywhere within moments. The operator's last admin key stays: without it nobody could make another. */
export class RevokeKey {
  constructor(private readonly keys: Keys) {}

  /** @param of the customer whose keys to keep to */
  execute(id: string, of: string | undefined, change: Change): Promise<Revocation> {
    return this.keys.revoke(id, of, change);
  }
}

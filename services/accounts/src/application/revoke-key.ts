import { type Keys, type Revocation } from './ports.js';

/** Revokes a key everywhere within moments. The last admin key stays: without it nobody could make another. */
export class RevokeKey {
  constructor(private readonly keys: Keys) {}

  execute(id: string): Promise<Revocation> {
    return this.keys.revoke(id);
  }
}

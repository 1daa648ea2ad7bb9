import { type Change } from '@ledgerline/administration';
import { type Clock } from '@ledgerline/kernel';
import { hashKey } from '@ledgerline/service-kit';
import { newKeyText, shownPrefix } from './key-text.js';
import { type ApiKey, type Keys, type NewKey } from './ports.js';

/** A key that would be of no use from the beginning. */
export class ExpiryPassedError extends Error {
  constructor() {
    super('must lie in the future');
    this.name = 'ExpiryPassedError';
  }
}

export type WantedKey = Pick<NewKey, 'name' | 'scopes' | 'customerId' | 'userId' | 'limits' | 'expiresAt'>;

/** Makes a key. Its text exists in the answer only. */
export class CreateKey {
  constructor(
    private readonly keys: Keys,
    private readonly clock: Clock,
  ) {}

  /** @throws ExpiryPassedError */
  async execute(wanted: WantedKey, createdBy: string, change: Change): Promise<{ key: ApiKey; text: string }> {
    if (wanted.expiresAt !== null && wanted.expiresAt.getTime() <= this.clock.nowMs()) throw new ExpiryPassedError();
    const text = newKeyText();
    const key = await this.keys.add({ ...wanted, prefix: shownPrefix(text), hash: hashKey(text), createdBy }, change);
    return { key, text };
  }
}

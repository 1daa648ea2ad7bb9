import { type Change } from '@ledgerline/administration';
import { type Clock } from '@ledgerline/kernel';
import { hashKey } from '@ledgerline/service-kit';
import { newKeyText, shownPrefix } from './key-text.js';
import { type ApiKey, type Keys } from './ports.js';

/** Makes a key with the rights of another, which goes on opening for a while, so that nobody has to be stopped to change keys. */
export class RotateKey {
  constructor(
    private readonly keys: Keys,
    private readonly clock: Clock,
  ) {}

  /** @param of the customer whose keys to keep to @param overlapMs for how long both open */
  async execute(id: string, of: string | undefined, overlapMs: number, createdBy: string, change: Change): Promise<{ key: ApiKey; text: string } | 'not_found' | 'not_active'> {
    const text = newKeyText();
    const key = await this.keys.replace(id, of, { prefix: shownPrefix(text), hash: hashKey(text), createdBy }, new Date(this.clock.nowMs() + overlapMs), change);
    return typeof key === 'string' ? key : { key, text };
  }
}

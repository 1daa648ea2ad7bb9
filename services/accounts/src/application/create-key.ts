import { hashKey, type Role } from '@ledgerline/service-kit';
import { newKeyText, shownPrefix } from './key-text.js';
import { type ApiKey, type Keys } from './ports.js';

/** Makes a key. Its text exists in the answer only. */
export class CreateKey {
  constructor(private readonly keys: Keys) {}

  async execute(name: string, role: Role, createdBy: string): Promise<{ key: ApiKey; text: string }> {
    const text = newKeyText();
    const key = await this.keys.add({ name, role, prefix: shownPrefix(text), hash: hashKey(text), createdBy });
    return { key, text };
  }
}

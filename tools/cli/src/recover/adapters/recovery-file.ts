import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type GoneUsage, type RecoveryRecord } from '../recovery-record.js';

/** A finished recovery adds what is gone. */
export type RecoveryFileContent = RecoveryRecord & { readonly gone?: readonly GoneUsage[] };

/** The file that a recovery keeps its record in, and that is its report in the end. */
export class RecoveryFile {
  constructor(readonly path: string) {}

  read(): RecoveryFileContent | undefined {
    return existsSync(this.path) ? (JSON.parse(readFileSync(this.path, 'utf8')) as RecoveryFileContent) : undefined;
  }

  /** As a whole or not at all. It names customers and holds what was sent, so only its owner can read it. */
  write(content: RecoveryFileContent): void {
    writeFileSync(`${this.path}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${this.path}.new`, this.path);
  }
}

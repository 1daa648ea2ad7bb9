import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Secrets {
  adminKey: string;
  /** Made in this start: to be shown, once. */
  adminKeyIsNew: boolean;
  /** 32 hex digits; every identity is hashed with it, so it never changes for a home. */
  usageIdKey: string;
  postgresPassword: string;
  clickhousePassword: string;
}

export const ADMIN_KEY_FILE = 'admin-key';
export const USAGE_ID_KEY_FILE = 'usage-id-key';

function keep(file: string, value: string): string {
  writeFileSync(file, `${value}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return value;
}

function keptOrMade(file: string, make: () => string): string {
  const kept = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  return kept || keep(file, make());
}

const hex = (bytes: number) => (): string => randomBytes(bytes).toString('hex');

/** The secrets of a home, each made once and kept in a file that only its owner can read. */
export function openSecrets(home: string, adminKey: string | undefined): Secrets {
  const adminKeyFile = join(home, ADMIN_KEY_FILE);
  const adminKeyIsNew = !adminKey && !existsSync(adminKeyFile);
  return {
    adminKey: adminKey ? keep(adminKeyFile, adminKey) : keptOrMade(adminKeyFile, () => `ll_${randomBytes(24).toString('base64url')}`),
    adminKeyIsNew,
    usageIdKey: keptOrMade(join(home, USAGE_ID_KEY_FILE), hex(16)),
    postgresPassword: keptOrMade(join(home, 'postgres-password'), hex(16)),
    clickhousePassword: keptOrMade(join(home, 'clickhouse-password'), hex(16)),
  };
}

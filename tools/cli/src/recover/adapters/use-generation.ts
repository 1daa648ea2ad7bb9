import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endService } from '../../connection/end-service.js';
import { type Home } from '../../connection/home.js';

/** Everything of the local stack that has to do with generations. */
const SERVICES = ['accounts', 'ingest', 'pricing', 'aggregation', 'quota', 'alerting', 'read-api', 'archive'];

/**
 * Makes the local stack use a generation: writes it down, and ends the services, which their supervisor starts again. Elsewhere that is for a
 * person to do. @returns what was done, or is to be done
 */
export async function useGeneration(home: Home, generation: number): Promise<string> {
  const stack = home.stack();
  if (stack === undefined) return `Set GENERATION=${generation} for every service, and start them.`;
  const file = join(home.path, 'stack.json');
  const content = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  writeFileSync(`${file}.new`, `${JSON.stringify({ ...content, generation }, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  const ended = SERVICES.filter((name) => endService(stack, name));
  return ended.length > 0 ? `The services start again with generation ${generation}.` : `The next start uses generation ${generation}.`;
}

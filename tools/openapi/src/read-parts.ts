import { type WholeStack } from '@ledgerline/local-stack';
import { type ServiceDocument } from '@ledgerline/service-kit';

/** Services with routes that ask for a key. */
const SERVICES = ['ingest', 'read-api', 'quota', 'alerting', 'accounts'] as const;

/** What each service of a running stack tells of its routes. */
export async function readParts(stack: WholeStack): Promise<Record<string, ServiceDocument>> {
  const { ports } = stack.file();
  const parts = SERVICES.map(async (name) => {
    const answer = await fetch(`http://127.0.0.1:${ports[name]}/openapi/own.json`);
    if (!answer.ok) throw new Error(`${name} answers ${answer.status}: ${stack.logOf(name)}`);
    return [name, (await answer.json()) as ServiceDocument] as const;
  });
  return Object.fromEntries(await Promise.all(parts));
}

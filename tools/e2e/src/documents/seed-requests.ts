import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { curlRequest, type HttpRequest, splitCommands } from './shell-commands.js';

/** The documents as their authors wrote them; the project has no copy of them. */
const SEEDS = new URL('../../../../../shared/reference/seeds/', import.meta.url);
const ENTRIES = '000_fe0b2ece79bf1c21.txt';
const RECORDS = '001_8d4890928bed01a2.txt';

const read = (name: string): string | null => {
  const file = fileURLToPath(new URL(name, SEEDS));
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
};

/** Curl commands of a text: each from its `curl` to the first line that neither goes on nor leaves a quote open. */
function curls(text: string): HttpRequest[] {
  const found: string[] = [];
  let command = '';
  for (const line of text.split('\n')) {
    if (command === '' && !line.startsWith('curl ')) continue;
    command += `${line}\n`;
    if (line.endsWith('\\') || command.split("'").length % 2 === 0) continue;
    found.push(command);
    command = '';
  }
  return found.flatMap((one) => splitCommands(one)).map(curlRequest);
}

/** The requests of `fetch("URL", {…})` calls, as a JavaScript engine would send them. */
function fetches(text: string, token: string): HttpRequest[] {
  return [...text.matchAll(/await (fetch\([\s\S]*?\n\}\));/g)].map(([, call]) => {
    let sent: HttpRequest | undefined;
    const stub = (url: string, init: { method: string; headers: Record<string, string>; body: string }): void => {
      sent = { method: init.method, url, headers: Object.fromEntries(Object.entries(init.headers).map(([name, value]) => [name.toLowerCase(), value])), body: init.body };
    };
    new Function('fetch', 'token', call!)(stub, token);
    return sent!;
  });
}

/** Every request of the entries' document, in its order; null where the document is not. */
export function entriesRequests(token: string): HttpRequest[] | null {
  const text = read(ENTRIES);
  return text === null ? null : [...curls(text), ...fetches(text, token)];
}

/** Every request of the records' document, in its order; null where the document is not. */
export function recordsRequests(): HttpRequest[] | null {
  const text = read(RECORDS);
  return text === null ? null : curls(text);
}

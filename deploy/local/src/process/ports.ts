import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const HOST = '127.0.0.1';

/**
 * Where free ports are looked for: below what Linux (32768) and macOS (49152) give to outgoing connections. A port out of that range
 * could be taken by any connection between being found free and being listened on, or while a killed server is started again.
 */
const FIRST = 20_000;
const COUNT = 10_000;

/** Whether nothing listens on that loopback port. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, HOST, () => probe.close(() => resolve(true)));
  });
}

/** `count` different loopback ports that nothing listens on, kept from every other caller for as long as this process lives. */
export async function freePorts(count: number): Promise<number[]> {
  const folder = join(tmpdir(), `ledgerline-ports-${process.getuid?.() ?? 0}`);
  mkdirSync(folder, { recursive: true });
  const ports: number[] = [];
  const from = Math.floor(Math.random() * COUNT);
  for (let i = 0; i < COUNT && ports.length < count; i++) {
    const port = FIRST + ((from + i) % COUNT);
    if (claim(join(folder, String(port))) && (await isPortFree(port))) ports.push(port);
  }
  if (ports.length < count) throw new Error(`no ${count} free ports between ${FIRST} and ${FIRST + COUNT - 1}`);
  return ports;
}

/** Makes the file for this process; false while another process that lives, or this one, has it. */
function claim(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    if (lives(file)) return false;
    rmSync(file, { force: true });
    return claim(file);
  }
}

function lives(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    // Another process may be between making its file and writing to it.
    if (pid === 0) return true;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

import { readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** CPU time of this process so far, all its threads, in microseconds. */
export function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** The same of the thread that asks alone. */
export function threadCpuUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

/** The most memory this process ever had resident, bytes, pages of mapped files included. */
export function peakRssBytes(): number {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  if (kilobytes === null) throw new Error('/proc/self/status says no VmHWM');
  return Number(kilobytes[1]) * 1024;
}

/** Bytes of all files in a folder. A file that goes away meanwhile counts as nothing. */
export async function folderBytes(directory: string): Promise<number> {
  const names = await readdir(directory, { recursive: true });
  const sizes = await Promise.all(names.map((name) => stat(join(directory, name)).then((found) => (found.isFile() ? found.size : 0)).catch(() => 0)));
  return sizes.reduce((sum, size) => sum + size, 0);
}

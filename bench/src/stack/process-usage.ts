import { readdirSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';

/** What a part of the stack has used: its process and everything it started. */
export interface ProcessUsage {
  /** User and system time since it began, also of processes that ended and were waited for. */
  readonly cpuMs: number;
  /** Resident memory. Pages that several processes share count in each of them. */
  readonly rssMb: number;
  /** The same with shared pages divided among those who share them; equal to rssMb where the system does not tell. */
  readonly pssMb: number;
}

interface Process {
  readonly parent: number;
  readonly cpuTicks: number;
}

const TICKS_PER_SECOND = (): number => Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/**
 * Usage by part, from /proc (Linux).
 *
 * @param roots process id by part; a process belongs to the nearest of its ancestors that is one
 */
export function processUsage(roots: Readonly<Record<string, number>>): Record<string, ProcessUsage> {
  const ticks = TICKS_PER_SECOND();
  const processes = readProcesses();
  const names = new Map(Object.entries(roots).map(([name, pid]) => [pid, name]));
  const usage: Record<string, { cpuMs: number; rssMb: number; pssMb: number }> = {};
  for (const [pid, { cpuTicks }] of processes) {
    const name = ownerOf(pid, processes, names);
    if (name === undefined) continue;
    const sum = (usage[name] ??= { cpuMs: 0, rssMb: 0, pssMb: 0 });
    const memory = memoryOf(pid);
    sum.cpuMs += (cpuTicks * 1000) / ticks;
    sum.rssMb += memory.rssMb;
    sum.pssMb += memory.pssMb;
  }
  return usage;
}

function ownerOf(pid: number, processes: ReadonlyMap<number, Process>, names: ReadonlyMap<number, string>): string | undefined {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = processes.get(at)?.parent) {
    const name = names.get(at);
    if (name !== undefined) return name;
  }
  return undefined;
}

function readProcesses(): Map<number, Process> {
  const processes = new Map<number, Process>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = readOrNothing(`/proc/${entry}/stat`);
    // The name in brackets may hold spaces: the numbers begin behind the last bracket with field 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields.length < 15) continue;
    const cpuTicks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    processes.set(Number(entry), { parent: Number(fields[1]), cpuTicks });
  }
  return processes;
}

function memoryOf(pid: number): { rssMb: number; pssMb: number } {
  const rollup = readOrNothing(`/proc/${pid}/smaps_rollup`);
  const kb = (text: string, name: string): number | undefined => {
    const match = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text);
    return match ? Number(match[1]) : undefined;
  };
  const rss = kb(rollup, 'Rss') ?? kb(readOrNothing(`/proc/${pid}/status`), 'VmRSS') ?? 0;
  return { rssMb: rss / 1024, pssMb: (kb(rollup, 'Pss') ?? rss) / 1024 };
}

/** A process may end between being listed and being read. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

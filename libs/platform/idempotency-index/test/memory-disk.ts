import { type Disk, type DiskFile } from '../src/disk.js';

/** The machine is off: nothing works until the test turns it on again. */
export class MachineDiedError extends Error {}

interface Inode {
  /** what a reader sees */
  bytes: Buffer<ArrayBuffer>;
  /** what a loss of power leaves for certain */
  synced: Buffer<ArrayBuffer>;
  /** writes since then, each of which may or may not have reached the disk */
  unsynced: { bytes: Buffer; at: number }[];
}

/**
 * A disk in memory that can die in the middle of any operation: of a killed process, everything written stays; of a loss of power, what was
 * not synced stays in any part, and names are as they were when their folder was last synced, or newer.
 */
export class MemoryDisk implements Disk {
  private names = new Map<string, Inode>();
  private syncedNames = new Map<string, Inode>();
  private dead = false;
  /** operations that change something, so far */
  operations = 0;
  /** the operation in whose middle it dies */
  diesAt = Infinity;
  /** operations fail for want of room while true */
  full = false;

  async makeDirectory(): Promise<void> {
    this.check();
  }

  async list(path: string): Promise<string[]> {
    this.check();
    return [...this.names.keys()].filter((name) => name.startsWith(`${path}/`)).map((name) => name.slice(path.length + 1)).filter((name) => !name.includes('/'));
  }

  async open(path: string, mode: 'read' | 'create' | 'append'): Promise<DiskFile> {
    this.check();
    let inode = this.names.get(path);
    if (inode === undefined && mode === 'read') throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
    if (inode === undefined || mode === 'create') {
      await this.change(() => undefined);
      inode = { bytes: Buffer.alloc(0), synced: Buffer.alloc(0), unsynced: [] };
      this.names.set(path, inode);
    }
    return new MemoryDiskFile(this, inode);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.change(() => undefined);
    const moved = [...this.names].filter(([name]) => name === from || name.startsWith(`${from}/`));
    for (const [name, inode] of moved) {
      this.names.delete(name);
      this.names.set(to + name.slice(from.length), inode);
    }
  }

  async remove(path: string): Promise<void> {
    await this.change(() => undefined);
    for (const name of [...this.names.keys()]) if (name === path || name.startsWith(`${path}/`)) this.names.delete(name);
  }

  async syncDirectory(path: string): Promise<void> {
    await this.change(() => undefined);
    for (const names of [this.syncedNames, this.names]) {
      for (const name of [...names.keys()].filter((name) => name.startsWith(`${path}/`))) {
        const inode = this.names.get(name);
        if (inode === undefined) this.syncedNames.delete(name);
        else this.syncedNames.set(name, inode);
      }
    }
  }

  /** Counts an operation; when it is the one to die in, only `half` of it happens. */
  async change(half: () => void): Promise<void> {
    this.check();
    await Promise.resolve();
    this.check();
    if (this.full) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    if (++this.operations < this.diesAt) return;
    half();
    this.dead = true;
    this.check();
  }

  check(): void {
    if (this.dead) throw new MachineDiedError('the machine is off');
  }

  /** Another process on the same disk, after the first was killed. */
  restart(): MemoryDisk {
    const next = new MemoryDisk();
    for (const [name, inode] of this.names) next.names.set(name, { ...inode, bytes: Buffer.from(inode.bytes) });
    next.syncedNames = new Map(next.names);
    this.dead = true;
    return next;
  }

  /** The disk after a loss of power. `survives` says of each thing that was not synced whether it reached the disk. */
  losePower(survives: () => boolean): MemoryDisk {
    const next = new MemoryDisk();
    const names = new Map([...this.syncedNames, ...[...this.names].filter(() => survives())]);
    for (const name of this.syncedNames.keys()) if (!this.names.has(name) && survives()) names.delete(name);
    for (const [name, inode] of names) {
      let bytes = Buffer.from(inode.synced);
      for (const write of inode.unsynced) if (survives()) bytes = written(bytes, write.bytes, write.at);
      next.names.set(name, { bytes, synced: bytes, unsynced: [] });
    }
    next.syncedNames = new Map(next.names);
    this.dead = true;
    return next;
  }

  /** For a test that damages a file: flips a bit of the byte. */
  damage(path: string, at: number): void {
    this.names.get(path)!.bytes[at]! ^= 0x10;
  }

  size(path: string): number {
    return this.names.get(path)!.bytes.length;
  }

  paths(): string[] {
    return [...this.names.keys()];
  }
}

class MemoryDiskFile implements DiskFile {
  constructor(
    private readonly disk: MemoryDisk,
    private readonly inode: Inode,
  ) {}

  async size(): Promise<number> {
    this.disk.check();
    return this.inode.bytes.length;
  }

  async read(into: Uint8Array, at: number): Promise<number> {
    return this.readSync(into, at);
  }

  readSync(into: Uint8Array, at: number): number {
    this.disk.check();
    const part = this.inode.bytes.subarray(at, at + into.length);
    into.set(part);
    return part.length;
  }

  async write(bytes: Uint8Array, at: number): Promise<void> {
    const copy = Buffer.from(bytes);
    const write = (part: Buffer): void => {
      this.inode.bytes = written(this.inode.bytes, part, at);
      this.inode.unsynced.push({ bytes: part, at });
    };
    await this.disk.change(() => write(copy.subarray(0, copy.length >>> 1)));
    write(copy);
  }

  async truncate(size: number): Promise<void> {
    await this.disk.change(() => undefined);
    this.inode.bytes = Buffer.from(this.inode.bytes.subarray(0, size));
    this.inode.synced = Buffer.from(this.inode.synced.subarray(0, size));
    this.inode.unsynced = this.inode.unsynced.filter(({ at }) => at < size).map(({ bytes, at }) => ({ bytes: bytes.subarray(0, size - at), at }));
  }

  async sync(): Promise<void> {
    await this.disk.change(() => undefined);
    this.inode.synced = Buffer.from(this.inode.bytes);
    this.inode.unsynced = [];
  }

  async close(): Promise<void> {}
}

function written(bytes: Buffer<ArrayBuffer>, part: Buffer, at: number): Buffer<ArrayBuffer> {
  const longer = Buffer.alloc(Math.max(bytes.length, at + part.length));
  longer.set(bytes);
  longer.set(part, at);
  return longer;
}

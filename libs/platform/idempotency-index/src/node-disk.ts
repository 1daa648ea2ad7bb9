import { readSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { type Disk, type DiskFile } from './disk.js';

class NodeDiskFile implements DiskFile {
  constructor(private readonly handle: FileHandle) {}

  async size(): Promise<number> {
    return (await this.handle.stat()).size;
  }

  async read(into: Uint8Array, at: number): Promise<number> {
    return (await this.handle.read(into, 0, into.length, at)).bytesRead;
  }

  readSync(into: Uint8Array, at: number): number {
    return readSync(this.handle.fd, into, 0, into.length, at);
  }

  async write(bytes: Uint8Array, at: number): Promise<void> {
    for (let done = 0; done < bytes.length;) done += (await this.handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
  }

  truncate(size: number): Promise<void> {
    return this.handle.truncate(size);
  }

  sync(): Promise<void> {
    return this.handle.sync();
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/** The file system of this machine. Files are readable by their owner alone. */
export const nodeDisk: Disk = {
  async makeDirectory(path) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },

  async list(path) {
    try {
      return await readdir(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  },

  async open(path, mode) {
    if (mode !== 'append') return new NodeDiskFile(await open(path, mode === 'read' ? 'r' : 'w+', 0o600));
    await (await open(path, 'a', 0o600)).close();
    return new NodeDiskFile(await open(path, 'r+'));
  },

  rename: (from, to) => rename(from, to),

  remove: (path) => rm(path, { recursive: true, force: true }),

  async syncDirectory(path) {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

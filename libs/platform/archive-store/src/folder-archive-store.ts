import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ArchiveFileMissingError, type ArchiveStore } from './archive-store.js';

/** Files that were being written when the process ended; nobody lists or reads them. */
const UNFINISHED = '.unfinished';

/** An archive in a folder of a file system. */
export class FolderArchiveStore implements ArchiveStore {
  readonly location: string;

  /** @param root absolute; made when it is missing */
  constructor(private readonly root: string) {
    this.location = pathToFileURL(root).href;
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.root, name);
    const folder = dirname(path);
    await mkdir(folder, { recursive: true });
    const unfinished = join(folder, `.${basename(path)}.${randomUUID()}${UNFINISHED}`);
    try {
      const file = await open(unfinished, 'wx');
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
    await syncFolder(folder);
  }

  async get(name: string): Promise<Uint8Array> {
    try {
      return await readFile(join(this.root, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new ArchiveFileMissingError(this.location, name);
      throw error;
    }
  }

  async list(folder: string): Promise<string[]> {
    try {
      const names = await readdir(join(this.root, folder));
      return names.filter((name) => !name.endsWith(UNFINISHED)).sort().map((name) => `${folder}${name}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }
}

/** A rename survives a power cut once its folder is synced. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

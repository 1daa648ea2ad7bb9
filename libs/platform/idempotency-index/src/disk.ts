/** A file that is open. Offsets and sizes in bytes. */
export interface DiskFile {
  size(): Promise<number>;
  /** Reads what is there, at most `into.length` bytes; returns how many. */
  read(into: Uint8Array, at: number): Promise<number>;
  /** The same at once: a page that the system has in memory takes microseconds. */
  readSync(into: Uint8Array, at: number): number;
  write(bytes: Uint8Array, at: number): Promise<void>;
  truncate(size: number): Promise<void>;
  /** Resolves when everything written survives a loss of power. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The part of a file system that the index stands on. */
export interface Disk {
  /** Makes the folder and those above it; one that is there stays. */
  makeDirectory(path: string): Promise<void>;
  /** Names in a folder; none when there is no such folder. */
  list(path: string): Promise<string[]>;
  /** Opens a file: one that must be there to read, or a new and empty one, or one that is there or not to go on with. */
  open(path: string, mode: 'read' | 'create' | 'append'): Promise<DiskFile>;
  /** Replaces what has the new name. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder with all in it; nothing there is no error. */
  remove(path: string): Promise<void>;
  /** Resolves when the names in the folder survive a loss of power. */
  syncDirectory(path: string): Promise<void>;
}

/** The whole content of a file, or null when there is none. */
export async function readFile(disk: Disk, directory: string, name: string): Promise<Uint8Array | null> {
  if (!(await disk.list(directory)).includes(name)) return null;
  const file = await disk.open(`${directory}/${name}`, 'read');
  try {
    const bytes = new Uint8Array(await file.size());
    return bytes.subarray(0, await readFully(file, bytes, 0));
  } finally {
    await file.close();
  }
}

/** Replaces a file so that after any crash it is the old one or the new one, whole. */
export async function replaceFile(disk: Disk, directory: string, name: string, bytes: Uint8Array, temporary: string): Promise<void> {
  await writeFile(disk, directory, name, temporary, async (file) => {
    await file.write(bytes, 0);
    await file.sync();
  });
}

/** Makes a file under a temporary name; it gets its own when `write` has written and synced it, and is removed when that fails. */
export async function writeFile<T>(disk: Disk, directory: string, name: string, temporary: string, write: (file: DiskFile) => Promise<T>): Promise<T> {
  const path = `${directory}/${temporary}`;
  try {
    const file = await disk.open(path, 'create');
    const result = await write(file).finally(() => file.close());
    await disk.rename(path, `${directory}/${name}`);
    await disk.syncDirectory(directory);
    return result;
  } catch (error) {
    await disk.remove(path).catch(() => undefined);
    throw error;
  }
}

/** Reads until `into` is full or the file ends; returns the number of bytes. */
export async function readFully(file: DiskFile, into: Uint8Array, at: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const count = await file.read(into.subarray(done), at + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

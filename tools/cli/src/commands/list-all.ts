import { type ApiClient } from '../connection/api-client.js';

interface Page<T> {
  data: T[];
  next_cursor?: string | null;
}

/** Reads every page of a list: `{data, next_cursor}`, or a bare array. */
export async function listAll<T>(api: ApiClient, path: string): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | null | undefined;
  do {
    const separator = path.includes('?') ? '&' : '?';
    const page = (await api.call('GET', cursor ? `${path}${separator}cursor=${encodeURIComponent(cursor)}` : path)) as Page<T> | T[];
    if (Array.isArray(page)) return page;
    all.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor);
  return all;
}

import { ADMIN_KEY } from './accounts.js';

/** Every row of a list, found by following `rel="next"` of its Link headers alone. @throws when a page is no page */
export async function linkedPages<T>(url: string, path: string, key = ADMIN_KEY): Promise<T[]> {
  const rows: T[] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const answer: Response = await fetch(new URL(next, url), { headers: { authorization: `Bearer ${key}` } });
    if (answer.status !== 200) throw new Error(`${next} was answered ${answer.status}: ${await answer.text()}`);
    rows.push(...((await answer.json()) as { data: T[] }).data);
    next = /<([^<>]*)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1];
  }
  return rows;
}

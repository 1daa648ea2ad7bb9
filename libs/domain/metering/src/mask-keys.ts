/** Where an event's metadata or tags name the key that was used; what stands there is never kept whole. */
const KEY_FIELD = 'api_key_used';
const HASH_FIELD = 'api_key_hash';

/** What kind of key it is, as providers write it in front: `pk_live_`, `sk-ant-`. */
const KIND = /^(?:[a-z]{2,6}[_-]){1,2}/;
const SHOWN_AT_THE_END = 4;
/** So much of a key must stay hidden for its end to be shown. */
const HIDDEN_AT_LEAST = 12;

/** A key as people may see it: its kind, and the end of a long one. */
export function maskedKey(key: string): string {
  const kind = KIND.exec(key)?.[0] ?? '';
  const secret = key.slice(kind.length);
  return `${kind}…${secret.length >= SHOWN_AT_THE_END + HIDDEN_AT_LEAST ? secret.slice(-SHOWN_AT_THE_END) : ''}`;
}

/**
 * The text of a JSON object in which every `api_key_used`, at any depth, is masked and has its keyed hash beside it, by which uses of one
 * key can be told from those of another.
 *
 * @param json text of an object, or ''
 * @param hash keyed: nobody without the deployment's key can try keys against it
 */
export function maskKeys(json: string, hash: (key: string) => string): string {
  return json.includes(KEY_FIELD) ? JSON.stringify(masked(JSON.parse(json), hash)) : json;
}

function masked(value: unknown, hash: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((one) => masked(one, hash));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]): [string, unknown][] => {
      if (name !== KEY_FIELD || member === null || member === '') return [[name, masked(member, hash)]];
      const key = typeof member === 'string' ? member : JSON.stringify(member);
      return [
        [name, maskedKey(key)],
        [HASH_FIELD, hash(key)],
      ];
    }),
  );
}

/** The address of a server that the test run started, from its environment variable. */
export function serverUrl(name: 'NATS_URL' | 'DATABASE_URL' | 'CLICKHOUSE_URL'): string {
  const url = process.env[name];
  if (!url) throw new Error(`${name} is not set: name the file *.int.spec.ts and run it with "npm run jest".`);
  return url;
}

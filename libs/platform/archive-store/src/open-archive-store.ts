import { fileURLToPath } from 'node:url';
import { type ArchiveStore } from './archive-store.js';
import { FolderArchiveStore } from './folder-archive-store.js';
import { S3ArchiveStore } from './s3-archive-store.js';

/** An ARCHIVE_URL that names no store. The message says what was expected and repeats no credentials. */
export class ArchiveUrlError extends Error {
  constructor(detail: string) {
    super(`ARCHIVE_URL: ${detail}; expected file:///FOLDER or s3://BUCKET/PREFIX`);
    this.name = 'ArchiveUrlError';
  }
}

/** The names that every AWS client knows. */
export type ArchiveEnvironment = Partial<Record<'AWS_ENDPOINT_URL_S3' | 'AWS_REGION' | 'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY', string>>;

/**
 * The archive at `file:///folder` or `s3://bucket/prefix`.
 * @param environment endpoint, region and keys of an S3 store; without keys they come from where any AWS client finds them
 * @throws ArchiveUrlError
 */
export function openArchiveStore(url: string, environment: ArchiveEnvironment = {}): ArchiveStore {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new ArchiveUrlError('it is no URL');
  }
  if (parsed.username !== '' || parsed.password !== '') throw new ArchiveUrlError('keys belong in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY');
  if (parsed.protocol === 'file:') {
    if (parsed.host !== '') throw new ArchiveUrlError(`"${parsed.host}" is not on this machine`);
    return new FolderArchiveStore(fileURLToPath(parsed));
  }
  if (parsed.protocol !== 's3:') throw new ArchiveUrlError(`"${parsed.protocol}" is not known`);
  if (parsed.host === '') throw new ArchiveUrlError('the bucket is missing');
  const prefix = decodeURIComponent(parsed.pathname).replace(/^\/+|\/+$/g, '');
  const { AWS_ENDPOINT_URL_S3: endpoint, AWS_REGION: region, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment;
  return new S3ArchiveStore({
    bucket: parsed.host,
    prefix: prefix === '' ? '' : `${prefix}/`,
    ...(endpoint && { endpoint }),
    ...(region && { region }),
    ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey } }),
  });
}

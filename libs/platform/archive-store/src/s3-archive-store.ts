import { GetObjectCommand, ListObjectsV2Command, NoSuchKey, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ArchiveFileMissingError, type ArchiveStore } from './archive-store.js';

export interface S3Options {
  bucket: string;
  /** '' or with a `/` at its end. */
  prefix: string;
  /** Of an S3-compatible store that is not Amazon's, such as http://minio:9000. */
  endpoint?: string;
  region?: string;
  /** Without them the client looks where every AWS client does: environment, profile, the role of the machine. */
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

/** An archive in a bucket of an S3-compatible store. One file is one PUT, which is there whole or not at all. */
export class S3ArchiveStore implements ArchiveStore {
  readonly location: string;
  private readonly client: S3Client;

  constructor(private readonly options: S3Options) {
    const { bucket, prefix, endpoint, region = 'us-east-1', credentials } = options;
    this.location = `s3://${bucket}/${prefix}`;
    this.client = new S3Client({
      region,
      ...(credentials && { credentials }),
      // Stores of one's own seldom have a host name for each bucket, and few know the newer checksum trailers.
      ...(endpoint && { endpoint, forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED' }),
    });
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    await this.client.send(new PutObjectCommand({ ...this.object(name), Body: bytes, ContentLength: bytes.length, ContentType: 'application/vnd.apache.parquet' }));
  }

  async get(name: string): Promise<Uint8Array> {
    try {
      const { Body } = await this.client.send(new GetObjectCommand(this.object(name)));
      return await Body!.transformToByteArray();
    } catch (error) {
      if (error instanceof NoSuchKey) throw new ArchiveFileMissingError(this.location, name);
      throw error;
    }
  }

  async list(folder: string): Promise<string[]> {
    const { bucket, prefix } = this.options;
    const names: string[] = [];
    let token: string | undefined;
    do {
      const page = await this.client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}${folder}`, ContinuationToken: token }));
      for (const { Key } of page.Contents ?? []) names.push(Key!.slice(prefix.length));
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return names.sort();
  }

  private object(name: string): { Bucket: string; Key: string } {
    return { Bucket: this.options.bucket, Key: `${this.options.prefix}${name}` };
  }
}

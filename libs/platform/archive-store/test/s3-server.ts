import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from '@20minutes/s3rver';
import { type ArchiveEnvironment } from '../src/index.js';

export interface S3Server {
  /** What a client needs to reach it. */
  environment: ArchiveEnvironment;
  bucket: string;
  stop(): Promise<void>;
}

/** An S3-compatible server with one bucket, on a port the system chooses. It signs a listing's address otherwise than S3 does, so signatures are not compared. */
export async function startS3Server(): Promise<S3Server> {
  const directory = mkdtempSync(join(tmpdir(), 'ledgerline-s3-'));
  const bucket = 'ledger';
  const server = new S3rver({ address: '127.0.0.1', port: 0, directory, silent: true, allowMismatchedSignatures: true, configureBuckets: [{ name: bucket }] });
  const { port } = await server.run();
  return {
    environment: { AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`, AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' },
    bucket,
    async stop() {
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

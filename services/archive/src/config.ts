import { ArchiveUrlError, openArchiveStore } from '@ledgerline/archive-store';
import { serviceConfig } from '@ledgerline/service-kit';
import { z } from 'zod';

const whole = (expected: string, least: number) => z.coerce.number(expected).int(expected).min(least, expected);

/** The archive service's environment. */
export const archiveConfig = serviceConfig.extend({
  GENERATION: whole('expected a generation, 1 or more', 1).default(1),
  PARTITIONS: whole('expected the number of partitions', 1).max(1024).default(16),
  STREAM_MAX_BYTES: whole('expected bytes', 1).default(8 * 1024 ** 3),
  LEASE_TTL_MS: whole('expected milliseconds', 500).default(6_000),
  DATA_DIR: z.string().min(1).default('.ledgerline'),
  /** Where the archive is: file:///FOLDER or s3://BUCKET/PREFIX. Default: archive in DATA_DIR. */
  ARCHIVE_URL: z
    .string()
    .superRefine((url, context) => {
      const problem = problemOf(url);
      if (problem !== null) context.addIssue(problem);
    })
    .optional(),
  /** For an s3:// archive, under the names that every AWS client knows; without keys they come from where it finds them. */
  AWS_ENDPOINT_URL_S3: z.url({ protocol: /^https?$/, error: 'expected http(s)://HOST:PORT' }).optional(),
  AWS_REGION: z.string().min(1).optional(),
  AWS_ACCESS_KEY_ID: z.string().min(1).optional(),
  AWS_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  /** A file is written when so many bytes wait for it, or its first message is so old. */
  ARCHIVE_FILE_MAX_BYTES: whole('expected bytes', 1).max(1024 ** 3).default(64 * 1024 ** 2),
  ARCHIVE_FILE_MAX_AGE_MS: whole('expected milliseconds', 0).default(60 * 60 * 1000),
  /** How often each partition is archived and trimmed. */
  ARCHIVE_EVERY_MS: whole('expected milliseconds', 100).default(60_000),
  /** What the log keeps by age, whatever else allows. */
  LOG_RETENTION_DAYS: whole('expected days', 1).default(35),
  /** The idempotency index is rebuilt from so much of PRICED, so the log never keeps less. */
  PRICING_INDEX_WINDOW_DAYS: whole('expected days', 1).default(35),
});

export type ArchiveConfig = z.infer<typeof archiveConfig>;

function problemOf(url: string): string | null {
  try {
    openArchiveStore(url);
    return null;
  } catch (error) {
    if (error instanceof ArchiveUrlError) return error.message.replace('ARCHIVE_URL: ', '');
    throw error;
  }
}

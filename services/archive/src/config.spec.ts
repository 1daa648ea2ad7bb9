import { describe, expect, it } from '@jest/globals';
import { archiveConfig } from './config.js';

const parse = (env: Record<string, string>) => archiveConfig.safeParse({ PORT: '0', DATABASE_URL: 'postgres://u:p@h/d', ...env });

describe('the archive service\'s environment', () => {
  it.each([
    ['ARCHIVE_URL', 'ftp://host/folder', 'expected file:///FOLDER or s3://BUCKET/PREFIX'],
    ['ARCHIVE_URL', 's3://', 'the bucket is missing'],
    ['LOG_RETENTION_DAYS', '0', 'expected days'],
    ['ARCHIVE_FILE_MAX_BYTES', 'many', 'expected bytes'],
  ])('names %s when it is "%s", and what was expected', (name, value, expected) => {
    const issues = parse({ [name]: value }).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    expect(issues).toEqual([expect.stringContaining(name)]);
    expect(issues![0]).toContain(expected);
  });

  it('needs nothing of its own', () => {
    expect(parse({}).data).toMatchObject({ ARCHIVE_FILE_MAX_BYTES: 67_108_864, LOG_RETENTION_DAYS: 35, PRICING_INDEX_WINDOW_DAYS: 35 });
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { archiveFileName, archiveFolder, parseArchiveFileName } from './archive-file-name.js';

const ranges = fc
  .record({ generation: fc.integer({ min: 1, max: 65_535 }), partition: fc.integer({ min: 0, max: 1023 }), from: fc.integer({ min: 1, max: 2 ** 50 }), count: fc.integer({ min: 0, max: 2 ** 50 }) })
  .map(({ count, ...range }) => ({ ...range, to: range.from + count }));

describe('the name of an archive file', () => {
  it('says its range and nothing else', () => {
    fc.assert(fc.property(ranges, (range) => expect(parseArchiveFileName(archiveFileName(range))).toEqual(range)));
  });

  it('sorts as the sequences do', () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        const [first, second] = [a, b].map((range) => archiveFileName({ ...range, generation: 1, partition: 0 })) as [string, string];
        expect(first < second).toBe(a.from < b.from || (a.from === b.from && a.to < b.to));
      }),
    );
  });

  it.each(['priced/g1/p0/1-2.parquet', 'priced/g1/p0/0000000000000005-0000000000000004.parquet', 'priced/g1/p0/notes.txt', `${archiveFolder(1, 0)}0000000000000000-0000000000000004.parquet`])('%s is no such name', (name) => {
    expect(parseArchiveFileName(name)).toBeNull();
  });
});

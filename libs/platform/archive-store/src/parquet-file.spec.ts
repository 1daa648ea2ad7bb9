import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pricedMessages } from '@ledgerline/testing';
import { archiveFileName } from './archive-file-name.js';
import { ArchiveDamagedError, type ArchivedMessage } from './archived-message.js';
import { describeMessage } from './describe-message.js';
import { decodeParquet, encodeParquet } from './parquet-file.js';

const archivedMessages = (...run: Parameters<typeof pricedMessages>): ArchivedMessage[] => pricedMessages(...run).map(({ sequence, timestampUs, data }) => describeMessage(sequence, timestampUs, data));
const rangeOf = (partition: number, from: number, to: number) => ({ generation: 1, partition, from, to });

describe('a Parquet file of PRICED messages', () => {
  it('gives every message back, byte for byte, with its microseconds and its sources', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 1, max: 2 ** 40 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 40 }), async (partition, from, count, events) => {
        const messages = archivedMessages(partition, from, from + count - 1, events);
        const range = rangeOf(partition, from, from + count - 1);
        const read = await decodeParquet(archiveFileName(range), range, encodeParquet(range, messages));
        expect(read.map(({ data, ...rest }) => ({ ...rest, data: Buffer.from(data) }))).toEqual(messages.map(({ data, ...rest }) => ({ ...rest, data: Buffer.from(data) })));
      }),
      { numRuns: 30 },
    );
  });

  it('of many row groups is read whole', async () => {
    const template = archivedMessages(0, 1, 1, 1)[0]!;
    const messages = Array.from({ length: 25_001 }, (_, i) => ({ ...template, sequence: i + 1 }));
    const range = rangeOf(0, 1, 25_001);
    expect(await decodeParquet('many', range, encodeParquet(range, messages))).toHaveLength(25_001);
  });

  it('is the same file when it is written again', () => {
    const messages = archivedMessages(3, 5, 9);
    expect(encodeParquet(rangeOf(3, 5, 9), messages)).toEqual(encodeParquet(rangeOf(3, 5, 9), messages));
  });

  it('that says another range than its name is refused by name', async () => {
    const bytes = encodeParquet(rangeOf(0, 1, 4), archivedMessages(0, 1, 4));
    await expect(decodeParquet('a.parquet', rangeOf(0, 1, 5), bytes)).rejects.toThrow('a.parquet: it holds 4 messages, expected 5');
    await expect(decodeParquet('a.parquet', rangeOf(0, 2, 5), bytes)).rejects.toThrow('a.parquet: message 1 stands where 2 was expected');
    await expect(decodeParquet('a.parquet', rangeOf(1, 1, 4), bytes)).rejects.toThrow('a.parquet: message 1 is of generation 1, partition 0');
  });

  it('never gives another message than it was given, whichever byte is changed', async () => {
    const messages = archivedMessages(0, 1, 3);
    const range = rangeOf(0, 1, 3);
    const bytes = encodeParquet(range, messages);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const damaged = bytes.slice();
        damaged[at]! ^= flip;
        const read = await decodeParquet('damaged.parquet', range, damaged).catch((error: Error) => error);
        if (read instanceof ArchiveDamagedError) return;
        expect((read as ArchivedMessage[]).map(({ data }) => Buffer.from(data))).toEqual(messages.map(({ data }) => Buffer.from(data)));
      }),
      { numRuns: 100 },
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import { completePositions } from './complete-positions.js';
import { monthEndMs } from './recorded-month.js';

const wanted = { generation: 2, partitions: 2 };
const endUs = Date.UTC(2026, 8, 1) * 1000;
const at = (generation: number, partition: number, sourceSequence: number, recordedAtUs: number | null) => ({ generation, partition, sourceSequence, recordedAtUs });
const ends = (known: Record<string, number>) => (generation: number, partition: number) => Promise.resolve(known[`${generation}/${partition}`] ?? null);

describe('a recorded month', () => {
  it('ends with the first instant of the next, over the turn of the year too', () => {
    expect([monthEndMs(202608), monthEndMs(202612)]).toEqual([Date.UTC(2026, 8, 1), Date.UTC(2027, 0, 1)]);
  });

  it('is complete when every partition has stored something recorded after it', async () => {
    expect(await completePositions(202608, wanted, [at(2, 0, 7, endUs), at(2, 1, 9, endUs + 1)], ends({}))).toEqual([
      { generation: 2, partition: 0, sourceSequence: 7 },
      { generation: 2, partition: 1, sourceSequence: 9 },
    ]);
  });

  it('is not complete while a partition may still have a message of it waiting', async () => {
    expect(await completePositions(202608, wanted, [at(2, 0, 7, endUs), at(2, 1, 9, endUs - 1)], ends({ '2/1': 10 }))).toBeNull();
    expect(await completePositions(202608, wanted, [at(2, 0, 7, endUs)], ends({ '2/1': 1 }))).toBeNull();
    expect(await completePositions(202608, wanted, [at(2, 0, 7, endUs)], ends({}))).toBeNull();
  });

  it('is complete when a quiet partition has nothing left to store', async () => {
    expect(await completePositions(202608, wanted, [at(2, 0, 7, endUs), at(2, 1, 9, endUs - 1)], ends({ '2/1': 9 }))).toHaveLength(2);
    expect(await completePositions(202608, wanted, [at(2, 0, 7, endUs)], ends({ '2/1': 0 }))).toContainEqual({ generation: 2, partition: 1, sourceSequence: 0 });
  });

  it('waits for an earlier generation whose streams are still there', async () => {
    const reached = [at(1, 3, 5, endUs - 1), at(2, 0, 7, endUs), at(2, 1, 9, endUs)];
    expect(await completePositions(202608, wanted, reached, ends({ '1/3': 6 }))).toBeNull();
    expect(await completePositions(202608, wanted, reached, ends({ '1/3': 5 }))).toHaveLength(3);
    expect(await completePositions(202608, wanted, reached, ends({}))).toHaveLength(3);
  });
});

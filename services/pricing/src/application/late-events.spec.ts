import { beforeEach, describe, expect, it } from '@jest/globals';
import { decodeUsageEnvelope, Outcome, type PricedRun, usageIdText } from '@ledgerline/contracts';
import { seedPriceBook } from '@ledgerline/domain-pricing';
import { MemoryIdempotencyIndexes } from '@ledgerline/idempotency-index';
import { type GivenEvent, RECORDED_AT_US, terms, usageEnvelope, usageIdTextOf } from '../../test/usage-events.js';
import { type CountedEvent } from './corrections/event-record.js';
import { recordedEvent } from './corrections/find-original.js';
import { type StoredEvents } from './corrections/stored-events.js';
import { decideColumns, decideRun } from './decide-run.js';
import { type IdempotencyIndex } from './idempotency-index.js';
import { LateEvents, olderRows } from './late-events.js';

const DAY_US = 86_400_000_000;
const WINDOW_US = RECORDED_AT_US - 35 * DAY_US;
const book = seedPriceBook();
const { priced, duplicate, quarantined, late } = Outcome;
const old = (id: string, more: Partial<GivenEvent> = {}): GivenEvent => ({ id, occurredAtUs: RECORDED_AT_US - 40 * DAY_US, ...more });

let index: IdempotencyIndex;
let rows: Map<string, CountedEvent>;
let asked: string[];
let completeSinceUs: number;
const stored: StoredEvents = {
  find: async () => null,
  findAll: async (identities) => {
    asked.push(...identities.map(({ usageId }) => usageId));
    return rows;
  },
  completeSinceUs: async () => completeSinceUs,
};

/** Events that were counted before the window began: there are rows of them, and the index has forgotten them. */
function counted(...events: GivenEvent[]): void {
  const run = decideRun({ sequence: 1, timestampUs: WINDOW_US - DAY_US, subject: '', data: usageEnvelope(events) }, terms(), book, () => 0);
  rows = new Map(events.map((event, row) => [usageIdTextOf(event), recordedEvent(run, row, book.version, terms())]));
}

async function decide(sequence: number, ...events: GivenEvent[]): Promise<PricedRun> {
  const data = usageEnvelope(events);
  const columns = decodeUsageEnvelope(data);
  const claim = await new LateEvents(stored, terms()).claimFor(columns, olderRows(columns, WINDOW_US), index);
  return decideColumns({ sequence, timestampUs: RECORDED_AT_US, subject: '', data }, columns, terms(), book, claim);
}

beforeEach(async () => {
  index = await new MemoryIdempotencyIndexes().open({ partition: 0, streamId: 'now' });
  rows = new Map();
  asked = [];
  completeSinceUs = 0;
});

describe('an event older than the window of the index', () => {
  it('that was counted before is a duplicate, with other content a conflict', async () => {
    counted(old('a'), old('b'));
    const run = await decide(9, old('a', { occurredAtUs: RECORDED_AT_US - 50 * DAY_US }), old('b', { usage: { input_tokens: 7 } }));
    expect([...run.outcomes]).toEqual([duplicate, quarantined]);
    expect(run.reasons.map(({ code }) => code)).toEqual(['conflict']);
  });

  it('that was never counted counts, once', async () => {
    expect([...(await decide(9, old('a'), old('a'))).outcomes]).toEqual([priced, duplicate]);
    expect([...(await decide(10, old('a'))).outcomes]).toEqual([duplicate]);
  });

  it('is held back as late where the stored rows do not reach back so far, until its age is declared', async () => {
    completeSinceUs = RECORDED_AT_US - 39 * DAY_US;
    const run = await decide(9, old('a'), { id: 'new' });
    expect([...run.outcomes]).toEqual([late, priced]);
    expect(run.reasons).toEqual([expect.objectContaining({ index: 0, code: 'late' })]);
    expect([...(await decide(10, old('a'))).outcomes]).toEqual([late]);
    expect([...(await decide(11, old('a', { backfill: true }))).outcomes]).toEqual([priced]);
    expect([...(await decide(12, old('a'))).outcomes]).toEqual([duplicate]);
  });

  it('that the rows reach back to counts though older rows are gone', async () => {
    completeSinceUs = RECORDED_AT_US - 41 * DAY_US;
    expect([...(await decide(9, old('a'))).outcomes]).toEqual([priced]);
  });

  it('is the only one that is looked up, five minutes of a fast clock included', async () => {
    await decide(9, { id: 'new', occurredAtUs: WINDOW_US + 300_000_000 }, { id: 'edge', occurredAtUs: WINDOW_US + 299_999_999 }, old('a'));
    expect(asked).toEqual([usageIdTextOf({ id: 'edge' }), usageIdTextOf({ id: 'a' })]);
    const { usageIds } = decodeUsageEnvelope(usageEnvelope([old('a')]));
    expect(index.positionOf(usageIds, 0)).toMatchObject({ row: 2 });
    expect(usageIdText(usageIds)).toBe(asked[1]);
  });

  it('is not decided while the rows cannot be asked', async () => {
    const broken = new LateEvents({ ...stored, findAll: () => Promise.reject(new Error('ClickHouse is away')) }, terms());
    const columns = decodeUsageEnvelope(usageEnvelope([old('a')]));
    await expect(broken.claimFor(columns, [0], index)).rejects.toThrow('ClickHouse is away');
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Claim, type SegmentedIdempotencyIndex, SegmentedIdempotencyIndexes } from '@ledgerline/idempotency-index';
import { IdentityTraffic, mixed } from '../identities/identity-traffic.js';
import { cpuUs, folderBytes, peakRssBytes, threadCpuUs } from '../identities/own-usage.js';

export interface IndexFigures {
  readonly identities: number;
  readonly events: number;
  /** CPU of the whole process for each event, the making of events taken off, microseconds */
  readonly cpuUs: number;
  /** what making an event costs, taken off, microseconds */
  readonly trafficUs: number;
  readonly seconds: number;
  /** the longest time that the claims of one message of 256 events took, milliseconds */
  readonly longestMessageMs: number;
  readonly peakRssBytes: number;
  readonly diskBytes: number;
  readonly peakDiskBytes: number;
  readonly reopenMs: number;
  /** a duplicate of any age, after the reopening, microseconds of CPU */
  readonly duplicateUs: number;
  /** an identity that is not held, microseconds of CPU */
  readonly newUs: number;
}

const STREAM = { partition: 0, streamId: 'bench' };
const WINDOW_DAYS = 35;
const DAY_US = 86_400_000_000;
const START_US = Date.UTC(2026, 0, 1) * 1000;
const EVENTS_A_COVER = 8_192;
const EVENTS_A_MESSAGE = 256;
const RECENT = 200_000;
const PROBES = 200_000;
const MAKING_MEASURED_EVERY = 8;
/** Every fifth event was sent before; half of those lately, half at any time. */
const DUPLICATE_EVERY = 5;

/**
 * Claims as many identities as asked for, spread over the window, with a duplicate after every four events, then opens the index again.
 * Every answer is checked. Work in the background is waited for and counted.
 *
 * @throws when the index answers wrongly
 */
export async function measureIdempotencyIndex(identities: number, say: (line: string) => void): Promise<IndexFigures> {
  const directory = await mkdtemp(join(tmpdir(), 'ledgerline-bench-index-'));
  try {
    const indexes = new SegmentedIdempotencyIndexes({ directory, windowDays: WINDOW_DAYS, onWarning: (error) => say(error.message) });
    const traffic = new IdentityTraffic();
    const filling = new Filling(await indexes.open(STREAM), directory, identities, traffic, say);
    const filled = await filling.run();
    const startedMs = performance.now();
    const index = await indexes.open(STREAM);
    const reopenMs = performance.now() - startedMs;
    if (index.size !== identities) throw new Error(`opened again, the index holds ${index.size} identities, not ${identities}`);
    const duplicateUs = probe(index, traffic, Claim.duplicate, (i) => Math.floor((mixed(i, 6) / 2 ** 32) * identities));
    const newUs = probe(index, traffic, Claim.original, (i) => identities + i);
    index.rollback();
    await index.close();
    return { ...filled, reopenMs, duplicateUs, newUs };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** CPU of a claim, microseconds. */
function probe(index: SegmentedIdempotencyIndex, traffic: IdentityTraffic, expected: Claim, numberOf: (i: number) => number): number {
  const run = (ask: boolean): number => {
    const before = cpuUs();
    for (let i = 0; i < PROBES; i++) {
      const claimant = traffic.set(numberOf(i), 1e12 + i, START_US + WINDOW_DAYS * DAY_US);
      if (ask && index.claim(claimant) !== expected) throw new Error(`event ${numberOf(i)} is answered wrongly`);
    }
    return (cpuUs() - before) / PROBES;
  };
  const making = run(false);
  return run(true) - making;
}

class Filling {
  private place = 0;
  private number = 0;
  private readonly making = { cpuUs: 0, events: 0 };
  private peakDisk = 0;
  private longestMs = 0;

  constructor(
    private readonly index: SegmentedIdempotencyIndex,
    private readonly directory: string,
    private readonly identities: number,
    private readonly traffic: IdentityTraffic,
    private readonly say: (line: string) => void,
  ) {}

  async run(): Promise<Omit<IndexFigures, 'reopenMs' | 'duplicateUs' | 'newUs'>> {
    const { index, identities, directory } = this;
    const startedMs = performance.now();
    const startedCpuUs = cpuUs();
    for (let covers = 1; this.number < identities; covers++) {
      const count = Math.min(EVENTS_A_COVER, identities - this.number);
      if (covers % MAKING_MEASURED_EVERY === 1) this.measureMaking(count);
      this.claim(count);
      await index.cover({ pricedSequence: covers, sourceTo: Math.floor(this.place / EVENTS_A_MESSAGE) + 1, checksum: covers });
      if (covers % 64 === 0) this.peakDisk = Math.max(this.peakDisk, await folderBytes(directory));
      if (covers % 1_024 === 0) this.say(`${(this.number / 1e6).toFixed(1)} million identities`);
    }
    await index.settled();
    const trafficUs = this.making.cpuUs / this.making.events;
    const cpu = cpuUs() - startedCpuUs - this.making.cpuUs - trafficUs * this.place;
    const seconds = (performance.now() - startedMs) / 1000;
    const diskBytes = await folderBytes(directory);
    await index.close();
    return {
      identities,
      events: this.place,
      cpuUs: cpu / this.place,
      trafficUs,
      seconds,
      longestMessageMs: this.longestMs,
      peakRssBytes: peakRssBytes(),
      diskBytes,
      peakDiskBytes: Math.max(this.peakDisk, diskBytes),
    };
  }

  /** Makes the next events without claiming them, to know what that costs. */
  private measureMaking(identities: number): void {
    const { place, number } = this;
    const before = threadCpuUs();
    this.events(identities, (event, at, recordedAtUs) => void this.traffic.set(event, at, recordedAtUs));
    this.making.cpuUs += threadCpuUs() - before;
    this.making.events += this.place - place;
    this.place = place;
    this.number = number;
  }

  /** Claims that many new identities, and the duplicates among them. */
  private claim(identities: number): void {
    let messageMs = performance.now();
    this.events(identities, (event, at, recordedAtUs, isNew) => {
      const answer = this.index.claim(this.traffic.set(event, at, recordedAtUs));
      if (answer !== (isNew ? Claim.original : Claim.duplicate)) throw new Error(`event ${event} at ${at} is answered with ${answer}`);
      if (at % EVENTS_A_MESSAGE > 0) return;
      const now = performance.now();
      this.longestMs = Math.max(this.longestMs, now - messageMs);
      messageMs = now;
    });
  }

  private events(identities: number, each: (event: number, place: number, recordedAtUs: number, isNew: boolean) => void): void {
    for (const until = this.number + identities; this.number < until; this.place++) {
      const recordedAtUs = START_US + Math.floor((this.number / this.identities) * WINDOW_DAYS * DAY_US);
      if (this.place % DUPLICATE_EVERY === DUPLICATE_EVERY - 1) each(this.earlier(), this.place, recordedAtUs, false);
      else each(this.number++, this.place, recordedAtUs, true);
    }
  }

  private earlier(): number {
    const any = mixed(this.place, 5) / 2 ** 32;
    const from = this.place % (2 * DUPLICATE_EVERY) === DUPLICATE_EVERY - 1 ? 0 : Math.max(0, this.number - RECENT);
    return from + Math.floor(any * (this.number - from));
  }
}
